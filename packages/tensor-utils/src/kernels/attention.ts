import * as tf from "@tensorflow/tfjs";

import type { Mode } from "../mode.ts";
import { dropout } from "./dropout.ts";
import { fusedRegion } from "./fused-region.ts";

/** What {@link attention} gives back. */
export interface AttentionResult {
  /** Weighted values `[batch, heads, tokens, width]`. */
  readonly context: tf.Tensor4D;
  /** Softmax of the scores, before dropout `[batch, heads, tokens, tokens]`. */
  readonly weights: tf.Tensor4D;
}

/**
 * Scaled dot-product attention.
 *
 * @param query `[batch, heads, tokens, width]`.
 * @param key As `query`.
 * @param value As `query`.
 * @param bias Added to the scores, for masks: 0 = visible, very negative = hidden; broadcasts to `[batch, heads, tokens, tokens]`.
 * @param rate Share of attention weights dropped when training.
 */
export function attention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  bias: tf.Tensor,
  rate: number,
  mode: Mode,
): AttentionResult {
  return tf.tidy(() => {
    const scale = 1 / Math.sqrt(query.shape[3]);
    const scores = tf.matMul(query.mul(scale), key, false, true).add(bias); // [batch, heads, tokens, tokens]
    const weights = softmaxLast(scores) as tf.Tensor4D; // [batch, heads, tokens, tokens]
    return { context: tf.matMul(dropout(weights, rate, mode), value), weights };
  }) as unknown as AttentionResult;
}

/** Softmax over the last axis with the gradient `P·(dP − Σ dP·P)`. */
const softmaxLast = tf.customGrad((...inputs) => {
  const [scores, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
  const weights = tf.softmax(scores);
  save([weights]);
  const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
    const [weights] = saved as [tf.Tensor];
    return fusedRegion(() => {
      const weighted = gradient.mul(weights);
      return weighted.sub(weights.mul(weighted.sum(-1, true)));
    });
  };
  return { value: weights, gradFunc: gradFunc as never };
});
