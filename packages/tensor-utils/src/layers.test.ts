import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import {
  constantParameter,
  Embedding,
  FeedForward,
  LayerNorm,
  Linear,
  normalParameter,
  uniformParameter,
} from "./layers.ts";
import { INFERENCE, type Mode, Noise } from "./mode.ts";
import { createRandom } from "./random.ts";

const training = (): Mode => ({ training: true, noise: new Noise(tf.tensor1d([1, 2], "int32")) });

describe("parameters", () => {
  it("have the spread that was asked for", () => {
    const normal = normalParameter([100, 100], createRandom(1), 0.5).dataSync();
    const uniform = uniformParameter([100, 100], createRandom(1), 0.5).dataSync();
    const deviation = (values: ArrayLike<number>): number =>
      Math.sqrt(Array.from(values).reduce((sum, value) => sum + value ** 2, 0) / values.length);

    expect(deviation(normal)).toBeCloseTo(0.5, 2);
    expect(deviation(uniform)).toBeCloseTo(0.5 / Math.sqrt(3), 2);
    expect(Math.max(...uniform.map(Math.abs))).toBeLessThanOrEqual(0.5);
    expect(constantParameter([2], 7).arraySync()).toEqual([7, 7]);
  });

  it("are BERT's when no spread is given", () => {
    const values = [...normalParameter([100, 100], createRandom(1)).dataSync()];

    expect(Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)).toBeCloseTo(0.02, 3);
  });

  it("leave one tensor behind, themselves", () => {
    const before = tf.memory().numTensors;

    normalParameter([2], createRandom(1));
    uniformParameter([2], createRandom(1), 1);
    constantParameter([2], 1);

    expect(tf.memory().numTensors).toBe(before + 3);
  });
});

describe("Linear", () => {
  it("starts as PyTorch does, within one over the root of the input size", () => {
    const layer = new Linear(16, 50, createRandom(1));

    expect(layer.weight.shape).toEqual([50, 16]);
    expect(layer.bias.shape).toEqual([50]);
    const values = [...layer.weight.dataSync(), ...layer.bias.dataSync()].map(Math.abs);
    expect(Math.max(...values)).toBeLessThanOrEqual(1 / 4);
    expect(Math.max(...values)).toBeGreaterThan(0.24);
  });

  it("starts as BERT does when a deviation is given", () => {
    const layer = new Linear(16, 50, createRandom(1), 0.02);

    expect([...layer.bias.dataSync()].every((value) => value === 0)).toBe(true);
    expect(Math.max(...layer.weight.dataSync().map(Math.abs))).toBeGreaterThan(0.04);
  });

  it("maps the last axis", () => {
    const layer = new Linear(2, 1, createRandom(1));
    layer.loadParameters(
      new Map<string, tf.Tensor>([
        ["weight", tf.tensor2d([[2, 3]])],
        ["bias", tf.tensor1d([1])],
      ]),
    );

    expect(layer.apply(tf.tensor3d([[[1, 10]], [[5, 0]]])).arraySync()).toEqual([[[2 + 30 + 1]], [[10 + 1]]]);
  });
});

describe("Embedding", () => {
  it("looks up the vector of each id", () => {
    const embedding = new Embedding(3, 2, createRandom(1));
    embedding.weight.assign(
      tf.tensor2d([
        [0, 1],
        [2, 3],
        [4, 5],
      ]),
    );

    const vectors = embedding.apply(
      tf.tensor2d(
        [
          [2, 0],
          [1, 1],
        ],
        [2, 2],
        "int32",
      ),
    );

    expect(vectors.arraySync()).toEqual([
      [
        [4, 5],
        [0, 1],
      ],
      [
        [2, 3],
        [2, 3],
      ],
    ]);
  });
});

describe("LayerNorm", () => {
  it("starts without gain or shift", () => {
    const [low, high] = new LayerNorm(2).apply(tf.tensor2d([[3, 5]])).dataSync();

    expect(low).toBeCloseTo(-1, 5);
    expect(high).toBeCloseTo(1, 5);
  });

  it("takes another epsilon", () => {
    const [low] = new LayerNorm(2, 3).apply(tf.tensor2d([[3, 5]])).dataSync();

    expect(low).toBeCloseTo(-1 / 2, 5);
  });
});

describe("FeedForward", () => {
  it("has a layer for each step between sizes, with relu after each", () => {
    const network = new FeedForward([3, 5, 2], 0.5, createRandom(1));
    const input = tf.tensor2d([[1, -2, 3]]);
    const [first, second] = network.layers as [Linear, Linear];

    const output = network.apply(input, INFERENCE);

    expect([...network.parameters().keys()]).toEqual(
      ["0.weight", "0.bias", "1.weight", "1.bias"].map((name) => `layers.${name}`),
    );
    expect(output.arraySync()).toEqual(second.apply(first.apply(input).relu()).relu().arraySync());
  });

  it("drops values when training", () => {
    const network = new FeedForward([3, 400], 0.5, createRandom(1));
    const zeros = (mode: Mode): number =>
      [...network.apply(tf.ones([1, 3]), mode).dataSync()].filter((value) => value === 0).length;

    expect(zeros(training())).toBeGreaterThan(zeros(INFERENCE) + 50);
  });
});

it.each([
  ["Linear", (input: tf.Tensor2D) => new Linear(3, 4, createRandom(1)).apply(input)],
  ["LayerNorm", (input: tf.Tensor2D) => new LayerNorm(3).apply(input)],
  [
    "FeedForward",
    (input: tf.Tensor2D, mode: Mode) => new FeedForward([3, 4, 5], 0.1, createRandom(1)).apply(input, mode),
  ],
  ["Embedding", (input: tf.Tensor2D) => tf.tidy(() => new Embedding(3, 4, createRandom(1)).apply(input.toInt()))],
])("%s leaves one tensor and its parameters behind", (_, apply) => {
  const [input, mode] = [tf.ones([2, 3]) as tf.Tensor2D, training()];
  const before = tf.memory().numTensors;
  const count = Object.keys(tf.engine().registeredVariables).length;

  apply(input, mode);

  const made = Object.keys(tf.engine().registeredVariables).length - count;
  expect(tf.memory().numTensors).toBe(before + made + 1);
});
