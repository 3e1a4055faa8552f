import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { sigmoidLoss, softmaxLoss, weightedMean } from "./losses.ts";

const value = (tensor: tf.Tensor): number => tensor.dataSync()[0] as number;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe("sigmoidLoss", () => {
  const logits = tf.tensor2d([
    [2, -1],
    [0.5, 3],
  ]);
  const targets = tf.tensor2d([
    [1, 0],
    [0, 0],
  ]);
  const rows = [
    (-Math.log(sigmoid(2)) - Math.log(1 - sigmoid(-1))) / 2,
    (-Math.log(1 - sigmoid(0.5)) - Math.log(1 - sigmoid(3))) / 2,
  ] as const;

  it("is the mean cross-entropy of every cell", () => {
    expect(value(sigmoidLoss(logits, targets))).toBeCloseTo((rows[0] + rows[1]) / 2, 5);
  });

  it("weighs rows", () => {
    expect(value(sigmoidLoss(logits, targets, tf.tensor1d([1, 0])))).toBeCloseTo(rows[0], 5);
    expect(value(sigmoidLoss(logits, targets, tf.tensor1d([1, 3])))).toBeCloseTo((rows[0] + 3 * rows[1]) / 4, 5);
  });

  it("stays finite for the largest scores, its gradient too", () => {
    const extreme = tf.tensor2d([[1e4, -1e4]]);
    const wrong = tf.tensor2d([[0, 1]]);

    expect(value(sigmoidLoss(extreme, wrong))).toBe(1e4);
    expect(
      tf
        .grad((x) => sigmoidLoss(x as tf.Tensor2D, wrong))(extreme)
        .arraySync(),
    ).toEqual([[0.5, -0.5]]);
  });

  it("has the gradient (sigmoid − target) over the number of cells", () => {
    const [gradient] = tf
      .grad((x) => sigmoidLoss(x as tf.Tensor2D, targets))(logits)
      .arraySync() as number[][];

    expect(gradient).toEqual([expect.closeTo((sigmoid(2) - 1) / 4, 5), expect.closeTo(sigmoid(-1) / 4, 5)]);
  });
});

describe("softmaxLoss", () => {
  const logits = tf.tensor2d([
    [0, Math.log(3)],
    [Math.log(4), 0],
  ]);

  it("is the mean negative logarithm of the true labels' shares", () => {
    const loss = softmaxLoss(logits, tf.tensor1d([1, 1], "int32"));

    expect(value(loss)).toBeCloseTo((-Math.log(3 / 4) - Math.log(1 / 5)) / 2, 5);
  });

  it("leaves rows of weight 0 out", () => {
    const loss = softmaxLoss(logits, tf.tensor1d([1, 1], "int32"), tf.tensor1d([0, 2]));

    expect(value(loss)).toBeCloseTo(-Math.log(1 / 5), 5);
  });
});

describe("weightedMean", () => {
  it("counts all alike without weights", () => {
    expect(value(weightedMean(tf.tensor1d([1, 2, 6])))).toBe(3);
  });

  it("names weights of another length", () => {
    expect(() => weightedMean(tf.tensor1d([1, 2]), tf.tensor1d([1]))).toThrow(
      "weights must have shape [pairs=2], got [1].",
    );
  });
});

it("names targets and labels that do not fit", () => {
  const logits = tf.zeros([4, 3]) as tf.Tensor2D;

  expect(() => sigmoidLoss(logits, tf.zeros([4, 2]))).toThrow(
    "targets must have shape [pairs=4, labels=3], got [4, 2].",
  );
  expect(() => softmaxLoss(logits, tf.zeros([3], "int32"))).toThrow("labelIds must have shape [pairs=4], got [3].");
});

it("leaves one tensor behind, the loss", () => {
  const [logits, targets] = [tf.zeros([4, 3]) as tf.Tensor2D, tf.zeros([4, 3]) as tf.Tensor2D];
  const [labelIds, weights] = [tf.zeros([4], "int32") as tf.Tensor1D, tf.ones([4]) as tf.Tensor1D];
  const before = tf.memory().numTensors;

  sigmoidLoss(logits, targets, weights);
  softmaxLoss(logits, labelIds, weights);
  sigmoidLoss(logits, targets);
  softmaxLoss(logits, labelIds);

  expect(tf.memory().numTensors).toBe(before + 4);
});
