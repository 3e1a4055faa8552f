import { axisSizes, weightedMean } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

/** Label column that ATLOP reserves for the learned threshold class TH. */
export const THRESHOLD_LABEL = 0;

/** Subtracted from a logit to remove it from a softmax, or from the race for the largest: far above any logit. */
const REMOVED = 1e30;

/**
 * Adaptive-thresholding loss, averaged over entity pairs.
 *
 * Ranks every true label above the threshold class and the threshold class above every false label.
 *
 * Paper → code: `P_T` → `positives`, `TH` → `threshold`, `L_1` → `trueAboveThreshold`, `L_2` → `thresholdAboveFalse`.
 *
 * @param logits Scores `[pairs, labels]`; column 0 is the threshold class.
 * @param targets 1 for a true label, else 0, `[pairs, labels]`; column 0 is ignored.
 * @param weights Weight of each pair, 0 for padding `[pairs]`; all pairs count alike without it.
 * @returns Mean loss per pair in nats `[]`.
 * @throws {ShapeError} If the shapes do not agree.
 * @equation ATLOP eq. L (Adaptive Thresholding)
 */
export function adaptiveThresholdLoss(logits: tf.Tensor2D, targets: tf.Tensor2D, weights?: tf.Tensor1D): tf.Scalar {
  const { pairs, labels } = axisSizes("logits", logits, ["pairs", "labels"]);
  axisSizes("targets", targets, ["pairs", "labels"], { pairs, labels });

  return tf.tidy(() => {
    const threshold = thresholdRow(labels); // [1, labels]
    const positives = targets.mul<tf.Tensor2D>(tf.sub(1, threshold)); // [pairs, labels]

    const trueAboveThreshold = softmaxLoss(logits, positives, positives.add(threshold)); // [pairs]
    const thresholdAboveFalse = softmaxLoss(logits, threshold, tf.sub(1, positives)); // [pairs]
    return weightedMean(trueAboveThreshold.add(thresholdAboveFalse), weights);
  });
}

/** Cross-entropy of `targets` under a softmax over the labels where `kept` is 1; `[pairs]`. */
function softmaxLoss(logits: tf.Tensor2D, targets: tf.Tensor2D, kept: tf.Tensor): tf.Tensor1D {
  const visible = logits.sub<tf.Tensor2D>(tf.sub(1, kept).mul(REMOVED)); // [pairs, labels]
  return visible.logSoftmax(1).mul(targets).sum<tf.Tensor1D>(1).neg();
}

/**
 * Decides which relations each pair has: those whose logit exceeds the threshold class's.
 *
 * A limit keeps the labels at least as high as the k-th highest, the threshold class counted among them, as the authors'
 * code does: with ties there can be more than k.
 *
 * @param logits Scores `[pairs, labels]`; column 0 is the threshold class.
 * @param maxRelations The limit k; null = none.
 * @returns 1 = the pair has the relation `[pairs, labels]`; column 0 is 1 where no relation is.
 * @throws {RangeError} If the limit is not between 1 and the number of labels.
 */
export function decodeAdaptiveThreshold(logits: tf.Tensor2D, maxRelations: number | null): tf.Tensor2D {
  const { labels } = axisSizes("logits", logits, ["pairs", "labels"]);
  if (maxRelations !== null && !(Number.isInteger(maxRelations) && maxRelations >= 1 && maxRelations <= labels)) {
    throw new RangeError(`maxRelations must be between 1 and the ${labels} labels, got ${maxRelations}.`);
  }

  return tf.tidy(() => {
    const threshold = logits.slice([0, THRESHOLD_LABEL], [-1, 1]); // [pairs, 1]
    let kept = logits.greater(threshold); // [pairs, labels]
    if (maxRelations !== null) kept = kept.logicalAnd(logits.greaterEqual(kthHighest(logits, maxRelations)));
    const relations = kept.cast("float32"); // [pairs, labels]; column 0 never exceeds itself
    const none = tf.sub<tf.Tensor2D>(1, relations.max(1, true)); // [pairs, 1]
    return relations.add(none.mul(thresholdRow(labels)));
  });
}

/** The k-th highest logit of each pair `[pairs, 1]`. */
function kthHighest(logits: tf.Tensor2D, k: number): tf.Tensor2D {
  return tf.topk(logits, k, true).values.slice([0, k - 1], [-1, 1]);
}

/** 1 in the threshold class's column, else 0 `[1, labels]`. */
function thresholdRow(labels: number): tf.Tensor2D {
  return tf.tensor2d([Array.from({ length: labels }, (_, label) => (label === THRESHOLD_LABEL ? 1 : 0))]);
}
