import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { drawTensor, largestDifference, valueAndGradients } from "./__fixtures__/value-and-gradients.ts";
import { gatherRows, sumIntoRows } from "./gather-rows.ts";

const indices = tf.tensor1d([2, 0, 2, 2], "int32");

describe("gatherRows", () => {
  it("takes rows by number, the same one more than once", () => {
    const table = tf.tensor2d([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);

    expect(gatherRows(table, indices).arraySync()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
      [5, 6],
    ]);
  });

  it("has the values and gradients of a product with one-hot rows", () => {
    const table = drawTensor("table", [3, 5]);
    const plain = (given: tf.Tensor): tf.Tensor => tf.matMul(tf.oneHot(indices, 3).cast("float32"), given);
    const fused = (given: tf.Tensor): tf.Tensor => gatherRows(given, indices);

    const difference = largestDifference(valueAndGradients(fused, [table]), valueAndGradients(plain, [table]));

    expect(difference).toBeLessThan(1e-6);
  });

  it("takes rows of more than one axis", () => {
    const rows = gatherRows(tf.range(0, 12).reshape([3, 2, 2]), tf.tensor1d([1], "int32"));

    expect(rows.arraySync()).toEqual([
      [
        [4, 5],
        [6, 7],
      ],
    ]);
  });

  it("leaves one tensor behind, its result", () => {
    const table = drawTensor("table", [3, 5]);
    const before = tf.memory().numTensors;

    gatherRows(table, indices);

    expect(tf.memory().numTensors).toBe(before + 1);
  });
});

describe("sumIntoRows", () => {
  it("adds up the rows of one number and leaves the others zero", () => {
    const rows = tf.tensor2d([[1], [10], [100], [1000]]);

    expect(sumIntoRows(rows, indices, 4).arraySync()).toEqual([[10], [0], [1101], [0]]);
  });

  it("does so on the portable engine as well, and leaves its result alone", async () => {
    const engine = tf.getBackend();
    await tf.setBackend("cpu");
    const picked = tf.tensor1d([2, 0, 2, 2], "int32");
    const rows = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [4, 1, 2]);
    const before = tf.memory().numTensors;

    const sums = sumIntoRows(rows, picked, 4).arraySync();
    const after = tf.memory().numTensors;
    await tf.setBackend(engine);

    expect(sums).toEqual([[[3, 4]], [[0, 0]], [[13, 16]], [[0, 0]]]);
    expect(after).toBe(before + 1);
  });
});
