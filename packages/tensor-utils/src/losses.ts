import * as tf from "@tensorflow/tfjs";

import { axisSizes } from "./shapes.ts";

/**
 * Binary cross-entropy of independent labels, averaged over every cell.
 *
 * @param logits Scores before the sigmoid `[pairs, labels]`.
 * @param targets 1 = true label, else 0 `[pairs, labels]`.
 * @param weights Weight of each row, 0 for padding `[pairs]`; all rows count alike without it.
 * @returns Mean loss per cell in nats `[]`.
 */
export function sigmoidLoss(logits: tf.Tensor2D, targets: tf.Tensor2D, weights?: tf.Tensor1D): tf.Scalar {
  const sizes = axisSizes("logits", logits, ["pairs", "labels"]);
  axisSizes("targets", targets, ["pairs", "labels"], sizes);

  return tf.tidy(() => {
    // max(x, 0) - x·y + log(1 + e^-|x|) never overflows.
    const losses = logits.relu().sub(logits.mul(targets)).add(logits.abs().neg().exp().log1p()); // [pairs, labels]
    return weightedMean(losses.mean(1), weights);
  });
}

/**
 * Cross-entropy of one label a row under a softmax, averaged over rows.
 *
 * @param logits Scores `[pairs, labels]`.
 * @param labelIds int32, the true label of each row `[pairs]`.
 * @param weights Weight of each row, 0 for padding `[pairs]`; all rows count alike without it.
 * @returns Mean loss per row in nats `[]`.
 */
export function softmaxLoss(logits: tf.Tensor2D, labelIds: tf.Tensor1D, weights?: tf.Tensor1D): tf.Scalar {
  const { pairs, labels } = axisSizes("logits", logits, ["pairs", "labels"]);
  axisSizes("labelIds", labelIds, ["pairs"], { pairs });

  return tf.tidy(() => {
    const losses = logits.logSoftmax(1).mul(tf.oneHot(labelIds, labels)).sum<tf.Tensor1D>(1).neg(); // [pairs]
    return weightedMean(losses, weights);
  });
}

/**
 * The mean of values under weights.
 *
 * @param values `[pairs]`.
 * @param weights `[pairs]`, 0 for padding; their sum must not be 0.
 * @returns `[]`.
 */
export function weightedMean(values: tf.Tensor, weights?: tf.Tensor1D): tf.Scalar {
  if (weights === undefined) return values.mean();
  axisSizes("weights", weights, ["pairs"], { pairs: values.shape[0] as number });
  return tf.tidy(() => values.mul(weights).sum().div(weights.sum()));
}
