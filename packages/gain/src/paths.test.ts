import { createRandom, INFERENCE, Linear } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import type { GainPairs } from "./batch.ts";
import { averagePaths, edgeVectors, type JoinedPaths, pathVectors, sumPaths } from "./paths.ts";

const COUNT = 4;
const random = createRandom(3);
const draw = (...shape: number[]): tf.Tensor => {
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  );
};

/** Entities 0 and 3 are linked with 1 and 2 each, and those two with each other. */
const linked = [
  [0, 1, 1, 0],
  [1, 0, 1, 1],
  [1, 1, 0, 1],
  [0, 1, 1, 0],
];
const links = tf.tensor3d([linked]);
const edges = draw(1, COUNT, COUNT, 2) as tf.Tensor4D;
const edge = (from: number, to: number): number[] => (edges.arraySync()[0] as number[][][])[from]?.[to] as number[];

/** `[e(h, m); e(m, t); e(t, m); e(m, h)]` of each middle, written out. */
function pathsOf(head: number, tail: number): number[][] {
  const middles = linked.flatMap((row, middle) => (row[head] === 1 && row[tail] === 1 ? [middle] : []));
  return middles.map((middle) => [
    ...edge(head, middle),
    ...edge(middle, tail),
    ...edge(tail, middle),
    ...edge(middle, head),
  ]);
}

function vectorOf(paths: JoinedPaths, head: number, tail: number): number[] {
  const pairs = {
    cells: tf.tensor1d([head * COUNT + tail], "int32"),
    reversedCells: tf.tensor1d([tail * COUNT + head], "int32"),
  } as GainPairs;
  return [...pathVectors(paths, pairs).dataSync()];
}

const weightedSum = (paths: readonly number[][], weights: readonly number[]): unknown[] =>
  Array.from({ length: 8 }, (_, place) =>
    expect.closeTo(
      paths.reduce((sum, path, index) => sum + (path[place] as number) * (weights[index] as number), 0),
      5,
    ),
  );

describe("edgeVectors", () => {
  it("is σ of the linear map of both entities side by side", () => {
    const edgeMap = new Linear(6, 2, createRandom(1));
    const entities = draw(1, 2, 3) as tf.Tensor3D;
    const settings = { activation: "tanh", dropout: 0 } as const;

    const vectors = edgeVectors(entities, edgeMap, settings, INFERENCE);

    const [first, second] = tf.unstack(entities.squeeze<tf.Tensor2D>([0])) as [tf.Tensor, tf.Tensor];
    const expected = edgeMap.apply(tf.stack([tf.concat([first, second]), tf.concat([second, first])])).tanh();
    const actual = tf.stack([vectors.slice([0, 0, 1, 0], [1, 1, 1, 2]), vectors.slice([0, 1, 0, 0], [1, 1, 1, 2])]);
    expect(actual.reshape([2, 2]).sub(expected).abs().max().dataSync()[0]).toBeLessThan(1e-6);
  });
});

describe("sumPaths", () => {
  it("adds up the vectors of all paths, each in four parts", () => {
    const joined = sumPaths(edges, links);

    for (const [head, tail] of [
      [0, 3],
      [3, 0],
      [0, 1],
    ] as const) {
      const paths = pathsOf(head, tail);
      expect(vectorOf(joined, head, tail)).toEqual(
        weightedSum(
          paths,
          paths.map(() => 1),
        ),
      );
    }
  });

  it("is zero where there is no path", () => {
    const alone = tf.zeros<tf.Rank.R3>([1, COUNT, COUNT]);

    expect(vectorOf(sumPaths(edges, alone), 0, 3)).toEqual(Array(8).fill(0));
  });
});

describe("averagePaths", () => {
  const entities = draw(1, COUNT, 3) as tf.Tensor3D;
  const query = draw(6, 8) as tf.Tensor2D;

  it("weighs each path by the softmax of how it fits the pair", () => {
    const joined = averagePaths(edges, links, entities, query, "tanh");

    const [vectors] = entities.arraySync() as [number[][]];
    const weights = query.arraySync() as number[][];
    for (const [head, tail] of [
      [0, 3],
      [3, 0],
    ] as const) {
      const paths = pathsOf(head, tail);
      const asked = [...(vectors[head] as number[]), ...(vectors[tail] as number[])];
      const scores = paths.map((path) =>
        Math.tanh(
          asked.reduce(
            (sum, value, row) =>
              sum + value * path.reduce((inner, part, column) => inner + part * (weights[row]?.[column] as number), 0),
            0,
          ),
        ),
      );
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
      const shares = scores.map((score) => Math.exp(score) / total);
      expect(paths).toHaveLength(2);
      expect(vectorOf(joined, head, tail)).toEqual(weightedSum(paths, shares));
    }
  });

  it("is zero where there is no path", () => {
    const alone = tf.zeros<tf.Rank.R3>([1, COUNT, COUNT]);

    expect(vectorOf(averagePaths(edges, alone, entities, query, "relu"), 0, 3)).toEqual(Array(8).fill(0));
  });

  it("leaves its results behind and no other tensor", () => {
    const before = tf.memory().numTensors;

    averagePaths(edges, links, entities, query, "relu");
    sumPaths(edges, links);

    expect(tf.memory().numTensors).toBe(before + 3);
  });
});
