import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { drawTensor, largestDifference, valueAndGradients } from "./__fixtures__/value-and-gradients.ts";
import { layerNorm } from "./layer-norm.ts";

describe("layerNorm", () => {
  it("centres and scales each row by its own mean and variance", () => {
    // Mean 2, variance 1; and a row without variance, where epsilon alone divides.
    const input = tf.tensor2d([
      [1, 3],
      [5, 5],
    ]);

    const output = layerNorm(input, tf.tensor1d([2, 3]), tf.tensor1d([10, 20]), 1e-12);

    const [first, second] = output.arraySync() as [number[], number[]];
    expect(first).toEqual([expect.closeTo(-2 + 10, 5), expect.closeTo(3 + 20, 5)]);
    expect(second).toEqual([10, 20]);
  });

  it("adds epsilon to the variance", () => {
    const output = layerNorm(tf.tensor2d([[-1, 1]]), tf.ones([2]), tf.zeros([2]), 3);

    expect([...output.dataSync()]).toEqual([expect.closeTo(-1 / 2, 6), expect.closeTo(1 / 2, 6)]);
  });

  it("has the values and gradients of plain operations", () => {
    const inputs = [drawTensor("input", [2, 3, 8]), drawTensor("gain", [8]), drawTensor("shift", [8])];
    const plain = (input: tf.Tensor, gain: tf.Tensor, shift: tf.Tensor): tf.Tensor => {
      const { mean, variance } = tf.moments(input, -1, true);
      return input.sub(mean).div(variance.add(1e-5).sqrt()).mul(gain).add(shift);
    };
    const fused = (input: tf.Tensor, gain: tf.Tensor, shift: tf.Tensor): tf.Tensor =>
      layerNorm(input, gain, shift, 1e-5);

    const difference = largestDifference(
      valueAndGradients(fused as never, inputs),
      valueAndGradients(plain as never, inputs),
    );

    expect(difference).toBeLessThan(1e-5);
  });

  it("leaves one tensor behind, its result", () => {
    const [input, gain, shift] = [drawTensor("input", [2, 8]), drawTensor("gain", [8]), drawTensor("shift", [8])];
    const before = tf.memory().numTensors;

    layerNorm(input, gain, shift, 1e-12);

    expect(tf.memory().numTensors).toBe(before + 1);
  });
});
