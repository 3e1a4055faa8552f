import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { readAndDispose } from "./read-and-dispose.ts";

describe("readAndDispose", () => {
  it("gives the values row by row and frees the tensor", async () => {
    const tensor = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    expect([...(await readAndDispose(tensor))]).toEqual([1, 2, 3, 4]);
    expect(tensor.isDisposed).toBe(true);
  });

  it("frees the tensor when it can't be read", async () => {
    const tensor = tf.scalar(1);
    tensor.data = () => Promise.reject(new Error("lost"));
    await expect(readAndDispose(tensor)).rejects.toThrow("lost");
    expect(tensor.isDisposed).toBe(true);
  });
});
