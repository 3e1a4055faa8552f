import { normalParameter, type Random } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

/**
 * Creates a table of vectors for entities' types or numbers: standard normal, as PyTorch starts one.
 *
 * @returns `[count + 1, width]`; row 0, for words of no entity, starts at zero.
 */
export function entityEmbedding(count: number, width: number, random: Random): tf.Variable {
  const table = normalParameter([count + 1, width], random, 1);
  tf.tidy(() => table.assign(tf.concat([tf.zeros([1, width]), table.slice([1, 0], [count, width])], 0)));
  return table;
}
