import { ShapeError } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { adaptiveThresholdLoss, decodeAdaptiveThreshold } from "./loss.ts";

describe("adaptiveThresholdLoss", () => {
  it("equals the two softmax terms written out by hand", () => {
    // One pair, labels TH, A, B with scores 0, 1, -1; only A is true.
    const logits = tf.tensor2d([[0, 1, -1]]);
    const targets = tf.tensor2d([[0, 1, 0]]);
    const rankTrue = -Math.log(Math.E / (Math.E + 1)); // A against {A, TH}
    const rankThreshold = -Math.log(1 / (1 + Math.exp(-1))); // TH against {TH, B}

    expect(adaptiveThresholdLoss(logits, targets).dataSync()[0]).toBeCloseTo(rankTrue + rankThreshold, 6);
  });

  it("sums over several true labels, each against all of them and the threshold", () => {
    // Labels TH, A, B with scores 0, 1, 2; both are true, so TH stands against itself alone.
    const total = 1 + Math.E + Math.E ** 2;
    const expected = -Math.log(Math.E / total) - Math.log(Math.E ** 2 / total);

    const loss = adaptiveThresholdLoss(tf.tensor2d([[0, 1, 2]]), tf.tensor2d([[0, 1, 1]]));

    expect(loss.dataSync()[0]).toBeCloseTo(expected, 6);
  });

  it("ignores whatever the threshold column of the targets holds", () => {
    const logits = tf.tensor2d([[0, 1, -1]]);
    const zero = adaptiveThresholdLoss(logits, tf.tensor2d([[0, 1, 0]])).dataSync()[0];
    const one = adaptiveThresholdLoss(logits, tf.tensor2d([[1, 1, 0]])).dataSync()[0];

    expect(one).toBe(zero);
  });

  it("leaves pairs of weight 0 out of the mean", () => {
    const logits = tf.tensor2d([
      [0, 1, -1],
      [5, 9, 9],
      [0, 2, 1],
    ]);
    const targets = tf.tensor2d([
      [0, 1, 0],
      [0, 0, 1],
      [0, 0, 0],
    ]);
    const loss = (row: number) =>
      adaptiveThresholdLoss(logits.slice([row, 0], [1, 3]), targets.slice([row, 0], [1, 3])).dataSync()[0] as number;

    const [weighted] = adaptiveThresholdLoss(logits, targets, tf.tensor1d([1, 0, 1])).dataSync();

    expect(weighted).toBeCloseTo((loss(0) + loss(2)) / 2, 6);
  });

  it("leaves one tensor behind, its result", () => {
    const logits = tf.zeros([4, 3]) as tf.Tensor2D;
    const targets = tf.zeros([4, 3]) as tf.Tensor2D;
    const before = tf.memory().numTensors;

    adaptiveThresholdLoss(logits, targets);

    expect(tf.memory().numTensors).toBe(before + 1);
  });

  it("names the tensor, the expected axes and the shape it got", () => {
    const mismatched = () => adaptiveThresholdLoss(tf.zeros([4, 3]), tf.zeros([4, 2]));

    expect(mismatched).toThrow(ShapeError);
    expect(mismatched).toThrow("targets must have shape [pairs=4, labels=3], got [4, 2].");
  });
});

describe("decodeAdaptiveThreshold", () => {
  const decode = (logits: number[], maxRelations: number | null): number[] => [
    ...decodeAdaptiveThreshold(tf.tensor2d([logits]), maxRelations).dataSync(),
  ];

  it("keeps every relation above the threshold class, and that class where none is", () => {
    expect(decode([0, 1, -1, 2], null)).toEqual([0, 1, 0, 1]);
    expect(decode([0, -1, 0, -2], null)).toEqual([1, 0, 0, 0]);
  });

  it("keeps the highest k, the threshold class counted among them", () => {
    expect(decode([0, 1, 2, 3], 1)).toEqual([0, 0, 0, 1]);
    expect(decode([0, 1, 2, 3], 2)).toEqual([0, 0, 1, 1]);
    expect(decode([0, 1, -1, -2], 2)).toEqual([0, 1, 0, 0]);
  });

  it("keeps more than k where relations tie for the last place", () => {
    expect(decode([0, 2, 2, 1], 1)).toEqual([0, 1, 1, 0]);
  });

  it("refuses a limit beyond the labels", () => {
    expect(() => decode([0, 1, 2], 4)).toThrow(
      new RangeError("maxRelations must be between 1 and the 3 labels, got 4."),
    );
  });

  it("leaves one tensor behind, its result", () => {
    const logits = tf.tensor2d([[0, 1, 2]]);
    const before = tf.memory().numTensors;

    decodeAdaptiveThreshold(logits, 2);

    expect(tf.memory().numTensors).toBe(before + 1);
  });
});
