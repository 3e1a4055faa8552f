import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { INFERENCE, type Mode, Noise } from "../mode.ts";
import { drawTensor, largestDifference, valueAndGradients } from "./__fixtures__/value-and-gradients.ts";
import { attention, attentionWeights } from "./attention.ts";
import { dropoutMask } from "./dropout.ts";

const SHAPE = [2, 3, 5, 4] as const;
const noBias = tf.zeros([1]);

const draw = (name: string): tf.Tensor4D => drawTensor(name, SHAPE);

function training(): Mode {
  return { training: true, noise: new Noise(tf.tensor1d([3, 4], "int32")) };
}

describe("attention", () => {
  it("averages the values by the softmax of scaled products", () => {
    // One head, width 4: products 0 and 2·ln 3 are halved by √4, so the weights are 1/4 and 3/4.
    const query = tf.tensor4d([[[[2 * Math.log(3), 0, 0, 0]]]]);
    const key = tf.tensor4d([
      [
        [
          [0, 0, 0, 0],
          [1, 0, 0, 0],
        ],
      ],
    ]);
    const value = tf.tensor4d([
      [
        [
          [4, 0, 0, 0],
          [8, 0, 0, 4],
        ],
      ],
    ]);

    const context = attention(query, key, value, noBias, 0, INFERENCE);
    const weights = attentionWeights(query, key, noBias);

    expect([...weights.dataSync()]).toEqual([expect.closeTo(1 / 4, 6), expect.closeTo(3 / 4, 6)]);
    expect([...context.dataSync()]).toEqual([expect.closeTo(7, 5), 0, 0, expect.closeTo(3, 5)]);
  });

  it("gives hidden tokens no weight", () => {
    const bias = tf.tensor4d([0, 0, -1e30, 0, 0], [1, 1, 1, 5]);

    const weights = attentionWeights(draw("query"), draw("key"), bias);

    const toThird = weights.slice([0, 0, 0, 2], [-1, -1, -1, 1]);
    expect(new Set(toThird.dataSync())).toEqual(new Set([0]));
    for (const total of weights.sum(-1).dataSync()) expect(total).toBeCloseTo(1, 5);
  });

  it("has the values and gradients of plain operations", () => {
    const inputs = [draw("query"), draw("key"), draw("value")];
    const plain = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor): tf.Tensor =>
      tf.matMul(tf.softmax(tf.matMul(query, key, false, true).div(Math.sqrt(4))), value);
    const fused = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor): tf.Tensor =>
      attention(query as tf.Tensor4D, key as tf.Tensor4D, value as tf.Tensor4D, noBias, 0, INFERENCE);

    const difference = largestDifference(
      valueAndGradients(fused as never, inputs),
      valueAndGradients(plain as never, inputs),
    );

    expect(difference).toBeLessThan(1e-5);
  });

  it("drops weights when training, the same ones for the same seed", () => {
    const given = [draw("query"), draw("key"), draw("value"), noBias] as const;
    const calm = attention(...given, 0.5, INFERENCE);

    const noisy = attention(...given, 0.5, training());

    expect([...noisy.dataSync()]).not.toEqual([...calm.dataSync()]);
    expect([...noisy.dataSync()]).toEqual([...attention(...given, 0.5, training()).dataSync()]);
  });

  it("has the gradients of plain operations with the same mask", () => {
    const inputs = [draw("query"), draw("key"), draw("value")];
    const mask = dropoutMask([2, 3, 5, 5], 0.5, tf.tensor1d([3, 4], "int32"), 0);
    const plain = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor): tf.Tensor =>
      tf.matMul(tf.softmax(tf.matMul(query, key, false, true).div(Math.sqrt(4))).mul(mask), value);
    const fused = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor): tf.Tensor =>
      attention(query as tf.Tensor4D, key as tf.Tensor4D, value as tf.Tensor4D, noBias, 0.5, training());

    const difference = largestDifference(
      valueAndGradients(fused as never, inputs),
      valueAndGradients(plain as never, inputs),
    );

    expect(difference).toBeLessThan(1e-5);
  });

  it("leaves its result behind", () => {
    const given = [draw("query"), draw("key"), draw("value"), noBias] as const;
    const mode = training();
    const before = tf.memory().numTensors;

    attention(...given, 0.5, mode);

    expect(tf.memory().numTensors).toBe(before + 1);
  });
});

describe("attentionWeights", () => {
  it("has the gradients of plain operations", () => {
    const inputs = [draw("query"), draw("key")];
    const plain = (query: tf.Tensor, key: tf.Tensor): tf.Tensor =>
      tf.softmax(tf.matMul(query, key, false, true).div(Math.sqrt(4)));
    const fused = (query: tf.Tensor, key: tf.Tensor): tf.Tensor =>
      attentionWeights(query as tf.Tensor4D, key as tf.Tensor4D, noBias);

    const difference = largestDifference(
      valueAndGradients(fused as never, inputs),
      valueAndGradients(plain as never, inputs),
    );

    expect(difference).toBeLessThan(1e-5);
  });

  it("leaves its result behind", () => {
    const [query, key] = [draw("query"), draw("key")];
    const before = tf.memory().numTensors;

    attentionWeights(query, key, noBias);

    expect(tf.memory().numTensors).toBe(before + 1);
  });
});
