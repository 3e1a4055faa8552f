import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { ShapeError } from "../shapes.ts";
import { drawTensor, largestDifference, valueAndGradients } from "./__fixtures__/value-and-gradients.ts";
import { groupBilinear } from "./group-bilinear.ts";

describe("groupBilinear", () => {
  it("sums products of head and tail cells of one block", () => {
    // Two blocks of one: weight 10 for the first product, 100 for the second.
    const scores = groupBilinear(tf.tensor2d([[2, 3]]), tf.tensor2d([[5, 7]]), tf.tensor2d([[10, 100]]));

    expect(scores.arraySync()).toEqual([[10 * 2 * 5 + 100 * 3 * 7]]);
  });

  it("orders the weight by block, head cell, tail cell", () => {
    const weight = tf.range(0, 8).reshape<tf.Tensor2D>([1, 8]);

    // Block 1, head cell 0, tail cell 1 alone are 1: column (1 · 2 + 0) · 2 + 1.
    const scores = groupBilinear(tf.tensor2d([[0, 0, 1, 0]]), tf.tensor2d([[0, 0, 0, 1]]), weight);

    expect(scores.arraySync()).toEqual([[5]]);
  });

  it("has the values and gradients of all outer products at once", () => {
    const inputs = [drawTensor("head", [5, 12]), drawTensor("tail", [5, 12]), drawTensor("weight", [3, 12 * 4])];
    const plain = (head: tf.Tensor, tail: tf.Tensor, weight: tf.Tensor): tf.Tensor => {
      const products = head
        .reshape([5, 3, 4, 1])
        .mul(tail.reshape([5, 3, 1, 4]))
        .reshape([5, 48]);
      return tf.matMul(products, weight, false, true);
    };

    const difference = largestDifference(
      valueAndGradients(groupBilinear as never, inputs),
      valueAndGradients(plain as never, inputs),
    );

    expect(difference).toBeLessThan(1e-4);
  });

  it.each<[[number, number], [number, number], [number, number], string]>([
    [[2, 4], [2, 6], [3, 8], "tail must have shape [pairs=2, width=4], got [2, 6]."],
    [[2, 6], [2, 6], [3, 24], "weight must have shape [labels, 6 · blockSize], got [3, 24]."],
    [[2, 6], [2, 6], [3, 9], "weight must have shape [labels, 6 · blockSize], got [3, 9]."],
  ])("refuses shapes that do not fit: %j, %j, %j", (head, tail, weight, message) => {
    const compute = (): tf.Tensor => groupBilinear(tf.zeros(head), tf.zeros(tail), tf.zeros(weight));

    expect(compute).toThrow(ShapeError);
    expect(compute).toThrow(message);
  });

  it("leaves one tensor behind, its result", () => {
    const [head, tail] = [drawTensor<tf.Tensor2D>("head", [5, 12]), drawTensor<tf.Tensor2D>("tail", [5, 12])];
    const weight = drawTensor<tf.Tensor2D>("weight", [3, 48]);
    const before = tf.memory().numTensors;

    groupBilinear(head, tail, weight);

    expect(tf.memory().numTensors).toBe(before + 1);
  });
});
