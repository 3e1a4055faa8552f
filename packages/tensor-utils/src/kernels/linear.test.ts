import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { drawTensor, largestDifference, valueAndGradients } from "./__fixtures__/value-and-gradients.ts";
import { linear, sumRows } from "./linear.ts";

describe("linear", () => {
  it("multiplies by the transposed weight and adds the bias", () => {
    const weight = tf.tensor2d([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);

    const output = linear(tf.tensor2d([[1, -1]]), weight, tf.tensor1d([10, 20, 30]));

    expect(output.arraySync()).toEqual([[1 - 2 + 10, 3 - 4 + 20, 5 - 6 + 30]]);
  });

  it("has the values and gradients of plain operations, whatever the number of axes", () => {
    const inputs = [drawTensor("input", [2, 3, 4]), drawTensor("weight", [5, 4]), drawTensor("bias", [5])];
    const plain = (input: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
      tf
        .matMul(input.reshape([6, 4]), weight.transpose())
        .add(bias)
        .reshape([2, 3, 5]);

    const difference = largestDifference(valueAndGradients(linear, inputs), valueAndGradients(plain as never, inputs));

    expect(difference).toBeLessThan(1e-5);
  });

  it("leaves one tensor behind, its result", () => {
    const [input, weight, bias] = [drawTensor("input", [2, 4]), drawTensor("weight", [5, 4]), drawTensor("bias", [5])];
    const before = tf.memory().numTensors;

    linear(input, weight, bias);

    expect(tf.memory().numTensors).toBe(before + 1);
  });
});

describe("sumRows", () => {
  it("sums over all axes but the last", () => {
    const rows = tf.tensor3d([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]);

    expect(sumRows(rows).arraySync()).toEqual([1 + 3 + 5 + 7, 2 + 4 + 6 + 8]);
  });
});
