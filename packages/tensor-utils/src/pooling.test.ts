import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { logSumExpPool, meanPool } from "./pooling.ts";

/** Three groups: two members, one member beside padding, none. */
const vectors = tf.tensor3d([
  [
    [0, 1],
    [Math.log(3), 5],
  ],
  [
    [-7, 2],
    [1000, 999],
  ],
  [
    [1, 2],
    [3, 4],
  ],
]);
const mask = tf.tensor2d([
  [1, 1],
  [1, 0],
  [0, 0],
]);

const rows = (tensor: tf.Tensor2D): number[][] => tensor.arraySync();

describe("logSumExpPool", () => {
  it("pools the members of each group; one alone stays as it is, none give zero", () => {
    const [two, one, none] = rows(logSumExpPool(vectors, mask));

    expect(two).toEqual([expect.closeTo(Math.log(1 + 3), 5), expect.closeTo(Math.log(Math.E + Math.exp(5)), 5)]);
    expect(one).toEqual([-7, 2]);
    expect(none?.map(Math.abs)).toEqual([0, 0]);
  });

  it("stays finite for large members", () => {
    const large = tf.tensor3d([[[1000], [1000]]]);

    expect(rows(logSumExpPool(large, tf.ones([1, 2])))[0]?.[0]).toBeCloseTo(1000 + Math.log(2), 3);
  });

  it("shares the gradient by softmax and gives padding none", () => {
    const gradient = tf
      .grad((x) => logSumExpPool(x as tf.Tensor3D, mask).sum())(vectors)
      .arraySync() as number[][][];

    expect(gradient.map((group) => group.map((row) => row[0]))).toEqual([
      [expect.closeTo(1 / 4, 5), expect.closeTo(3 / 4, 5)],
      [1, 0],
      [0, 0],
    ]);
  });
});

describe("meanPool", () => {
  it("averages the members of each group; none give zero", () => {
    expect(rows(meanPool(vectors, mask))).toEqual([
      [expect.closeTo(Math.log(3) / 2, 6), 3],
      [-7, 2],
      [0, 0],
    ]);
  });
});

describe.each([logSumExpPool, meanPool])("%o", (pool) => {
  it("leaves one tensor behind, its result", () => {
    const before = tf.memory().numTensors;

    pool(vectors, mask);

    expect(tf.memory().numTensors).toBe(before + 1);
  });

  it("names a mask that does not fit", () => {
    expect(() => pool(vectors, tf.ones([3, 4]))).toThrow("mask must have shape [groups=3, mentions=2], got [3, 4].");
  });
});
