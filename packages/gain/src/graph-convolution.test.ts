import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { GraphConvolution } from "./graph-convolution.ts";

describe("GraphConvolution", () => {
  it("adds up the means of neighbours, kind by kind, the node itself and a bias, and cuts off below 0", () => {
    const layer = new GraphConvolution(1, 2, { activation: "relu", dropout: 0 }, createRandom(0));
    layer.weight.assign(tf.tensor3d([10, 100], [2, 1, 1]));
    layer.selfWeight.assign(tf.tensor2d([[2]]));
    layer.bias.assign(tf.tensor1d([-3]));
    const nodes = tf.tensor3d([1, 2, -50], [1, 3, 1]);
    // Node 0 hears 1 and 2 by the first kind, node 1 hears 0 by the second, node 2 nobody.
    const shares = tf.tensor3d([0, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], [1, 6, 3]);

    const values = [...layer.apply(nodes, shares, INFERENCE).dataSync()];

    // 10·(2 - 50)/2 + 2·1 - 3 < 0; 100·1 + 2·2 - 3; 2·(-50) - 3 < 0.
    expect(values).toEqual([0, 101, 0]);
  });

  it("leaves its result behind and no other tensor", () => {
    const layer = new GraphConvolution(4, 3, { activation: "tanh", dropout: 0 }, createRandom(0));
    const [nodes, shares] = [tf.ones<tf.Rank.R3>([2, 3, 4]), tf.ones<tf.Rank.R3>([2, 9, 3])];
    const before = tf.memory().numTensors;

    layer.apply(nodes, shares, INFERENCE);

    expect(tf.memory().numTensors).toBe(before + 1);
  });
});
