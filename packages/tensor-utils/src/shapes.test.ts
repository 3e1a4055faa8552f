import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { axisSizes, ShapeError } from "./shapes.ts";

describe("axisSizes", () => {
  it("names the sizes", () => {
    expect(axisSizes("hidden", tf.zeros([2, 3, 4]), ["batch", "tokens", "hidden"])).toEqual({
      batch: 2,
      tokens: 3,
      hidden: 4,
    });
  });

  it("names the tensor, the axes and the shape it got when the rank differs", () => {
    const mismatched = (): unknown => axisSizes("mask", tf.zeros([2]), ["batch", "tokens"]);

    expect(mismatched).toThrow(new ShapeError("mask", "batch, tokens", [2]));
    expect(mismatched).toThrow("mask must have shape [batch, tokens], got [2].");
  });

  it("holds an axis to a size that is known", () => {
    const mismatched = (): unknown => axisSizes("mask", tf.zeros([2, 3]), ["batch", "tokens"], { tokens: 4 });

    expect(mismatched).toThrow("mask must have shape [batch, tokens=4], got [2, 3].");
    expect(axisSizes("mask", tf.zeros([2, 4]), ["batch", "tokens"], { tokens: 4 }).batch).toBe(2);
  });
});
