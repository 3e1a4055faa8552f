import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { largestDifference, valueAndGradients } from "./__fixtures__/value-and-gradients.ts";
import { gelu, tanhGelu } from "./gelu.ts";

/** Φ(1), from tables. */
const CUMULATIVE_AT_1 = 0.8413447;

const points = tf.tensor1d([-6, -1.5, -0.2, 0, 0.3, 1, 6]);

describe("gelu", () => {
  it("is x times the normal distribution function", () => {
    const [minusOne, zero, one, far] = gelu(tf.tensor1d([-1, 0, 1, 10])).dataSync();

    expect(minusOne).toBeCloseTo(-(1 - CUMULATIVE_AT_1), 5);
    expect(zero).toBe(0);
    expect(one).toBeCloseTo(CUMULATIVE_AT_1, 5);
    expect(far).toBe(10);
  });

  it("has the values and gradients of plain operations", () => {
    const plain = (input: tf.Tensor): tf.Tensor => input.mul(input.div(Math.SQRT2).erf().add(1)).div(2);

    const difference = largestDifference(valueAndGradients(gelu, [points]), valueAndGradients(plain, [points]));

    expect(difference).toBeLessThan(1e-5);
  });
});

describe("tanhGelu", () => {
  it("is close to the exact form, but is not it", () => {
    const difference = largestDifference(valueAndGradients(tanhGelu, [points]), valueAndGradients(gelu, [points]));

    expect(difference).toBeLessThan(3e-2);
    expect(difference).toBeGreaterThan(1e-4);
  });

  it("has the value of its formula", () => {
    const inner = Math.sqrt(2 / Math.PI) * (1.5 + 0.044715 * 1.5 ** 3);

    expect(tanhGelu(tf.scalar(1.5)).dataSync()[0]).toBeCloseTo(0.5 * 1.5 * (1 + Math.tanh(inner)), 6);
  });
});

it.each([gelu, tanhGelu])("%o leaves one tensor behind, its result", (operation) => {
  const before = tf.memory().numTensors;

  operation(points);

  expect(tf.memory().numTensors).toBe(before + 1);
});
