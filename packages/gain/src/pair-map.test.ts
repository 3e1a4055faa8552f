import { createRandom, INFERENCE, Linear } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { collatePairs } from "./batch.ts";
import { PairMap } from "./pair-map.ts";

const random = createRandom(4);
const draw = (rows: number, columns: number): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: rows * columns }, () => random.normal()),
    [rows, columns],
  );

describe("PairMap", () => {
  it("equals one linear map of everything side by side, and σ", () => {
    // Two documents of two entities; one pair in each.
    const sizes = { entity: 3, document: 2, path: 4, output: 5 };
    const map = new PairMap(sizes, { activation: "tanh", dropout: 0 }, createRandom(1));
    const [entities, document, paths] = [draw(4, 3), draw(2, 2), draw(2, 4)];
    const list = [
      { document: 0, head: 1, tail: 0 },
      { document: 1, head: 0, tail: 1 },
    ];

    const vectors = map.apply({ entities, document, paths }, collatePairs(list, 2, "exact"), INFERENCE);

    const whole = new Linear(4 * 3 + 2 + 4, 5, createRandom(1));
    const parts = [map.head, map.tail, map.difference, map.product, map.document, map.path] as tf.Tensor[];
    whole.weight.assign(tf.concat(parts, 1));
    whole.bias.assign(map.bias);
    const [head, tail] = [entities.gather([1, 2]), entities.gather([0, 3])];
    const input = tf.concat([head, tail, head.sub(tail).abs(), head.mul(tail), document, paths], 1);
    expect(vectors.sub(whole.apply(input).tanh()).abs().max().dataSync()[0]).toBeLessThan(1e-6);
  });

  it("starts within PyTorch's bounds for the whole", () => {
    const sizes = { entity: 20, document: 10, path: 10, output: 50 };

    const map = new PairMap(sizes, { activation: "relu", dropout: 0 }, createRandom(1));

    const largest = map.product.abs().max().dataSync()[0] as number;
    expect(largest).toBeLessThanOrEqual(0.1);
    expect(largest).toBeGreaterThan(0.09);
  });

  it("has no part for what is left out", () => {
    const map = new PairMap({ entity: 2, document: 0, path: 0, output: 2 }, { activation: "relu", dropout: 0 }, random);

    expect([...map.parameters().keys()]).toEqual(["head", "tail", "difference", "product", "bias"]);
  });
});
