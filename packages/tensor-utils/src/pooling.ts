import * as tf from "@tensorflow/tfjs";

import { axisSizes } from "./shapes.ts";

/** Stands for minus infinity: far below any activation, yet finite, so that no gradient becomes NaN. */
const REMOVED = 1e30;

/**
 * Pools the vectors of each group by logsumexp, a smooth maximum.
 *
 * @param vectors `[groups, mentions, hidden]`, padded.
 * @param mask 1 = keep `[groups, mentions]`.
 * @returns `[groups, hidden]`; the zero vector for a group without members.
 */
export function logSumExpPool(vectors: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor2D {
  const { groups, mentions } = axisSizes("vectors", vectors, ["groups", "mentions", "hidden"]);
  axisSizes("mask", mask, ["groups", "mentions"], { groups, mentions });

  return tf.tidy(() => {
    const kept = mask.expandDims<tf.Tensor3D>(2); // [groups, mentions, 1]
    const visible = vectors.mul<tf.Tensor3D>(kept).sub(tf.sub(1, kept).mul(REMOVED)); // [groups, mentions, hidden]
    const pooled = tf.logSumExp(visible, 1) as tf.Tensor2D; // [groups, hidden]
    return pooled.mul(mask.max<tf.Tensor1D>(1).expandDims(1));
  });
}

/**
 * Pools the vectors of each group by their mean.
 *
 * @param vectors `[groups, mentions, hidden]`, padded.
 * @param mask 1 = keep `[groups, mentions]`.
 * @returns `[groups, hidden]`; the zero vector for a group without members.
 */
export function meanPool(vectors: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor2D {
  const { groups, mentions } = axisSizes("vectors", vectors, ["groups", "mentions", "hidden"]);
  axisSizes("mask", mask, ["groups", "mentions"], { groups, mentions });

  return tf.tidy(() => {
    const total = vectors.mul(mask.expandDims(2)).sum<tf.Tensor2D>(1); // [groups, hidden]
    const count = mask.sum<tf.Tensor2D>(1, true).maximum(1); // [groups, 1]
    return total.div(count);
  });
}
