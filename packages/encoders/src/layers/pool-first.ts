import type { Linear } from "@relatum/tensor-utils";
import type * as tf from "@tensorflow/tfjs";

/**
 * Maps the vector of each row's first token, as BERT and ALBERT stand for a whole sequence.
 *
 * @param hidden `[batch, tokens, hidden]`.
 * @returns `[batch, hidden]`, within ±1.
 */
export function poolFirst(hidden: tf.Tensor3D, pooler: Linear): tf.Tensor2D {
  const [batch, , width] = hidden.shape;
  const first = hidden.slice([0, 0, 0], [batch, 1, width]).reshape<tf.Tensor2D>([batch, width]); // [batch, hidden]
  return pooler.apply(first).tanh();
}
