import {
  dropout,
  gatherRows,
  type Linear,
  matrixProduct,
  type Mode,
  normalParameter,
  type Random,
} from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import type { GainPairs } from "./batch.ts";
import type { GainConfig } from "./config.ts";
import { activate } from "./graph-convolution.ts";

/** Subtracted from the score of what is no path: exp(-1e9) is zero in float32. */
const REMOVED = 1e9;

/** The paths of every pair of entities, joined over the entities between, in two halves. */
export interface JoinedPaths {
  /** `[e(head, middle); e(middle, tail)]`, by head and tail `[documents, entities, entities, 2 · size]`. */
  readonly forward: tf.Tensor4D;
  /**
   * `[e(tail, middle); e(middle, head)]`, by tail and head `[documents, entities, entities, 2 · size]`; without it,
   * `forward` serves, whose way from tail to head is the way back.
   */
  readonly backward?: tf.Tensor4D;
}

/**
 * The vector of the edge between every two entities, in either direction.
 *
 * Paper → code: `W_q`, `b_q` → `edgeMap`, `e_ij` → the result.
 *
 * @param entities `[documents, entities, size]`.
 * @returns `[documents, entities, entities, size]`.
 * @equation GAIN eq. 6 (Entity-level Graph Inference Module)
 */
export function edgeVectors(
  entities: tf.Tensor3D,
  { weight, bias }: Linear,
  { activation, dropout: rate }: Pick<GainConfig, "activation" | "dropout">,
  mode: Mode,
): tf.Tensor4D {
  const [documents, count, size] = entities.shape;
  return tf.tidy(() => {
    const rows = entities.reshape<tf.Tensor2D>([-1, size]);
    // W·[a; b] is the sum of two products, each once an entity rather than once a pair.
    const [from, to] = tf
      .split<tf.Tensor2D>(weight as unknown as tf.Tensor2D, 2, 1)
      .map((half) => matrixProduct(rows, half, { transposeRight: true })) as [tf.Tensor2D, tf.Tensor2D];
    const sums = from
      .add<tf.Tensor2D>(bias)
      .reshape([documents, count, 1, -1])
      .add<tf.Tensor4D>(to.reshape([documents, 1, count, -1])); // [documents, entities, entities, size]
    return dropout(activate(sums, activation), rate, mode);
  });
}

/**
 * Adds up the two-hop paths of every pair of entities.
 *
 * The sum over the entities between is a matrix product with the links, so that no path is held by itself.
 *
 * Paper → code: `p_{h,t}` → the result, of eq. 10 with every `α_i` 1.
 *
 * @param edges `[documents, entities, entities, size]`.
 * @param links 1 = linked `[documents, entities, entities]`.
 * @equation GAIN eq. 7 (Entity-level Graph Inference Module)
 */
export function sumPaths(edges: tf.Tensor4D, links: tf.Tensor3D): JoinedPaths {
  const [documents, count, , size] = edges.shape;
  return tf.tidy(() => {
    const linked = edges.mul<tf.Tensor4D>(links.expandDims(3)); // [documents, entities, entities, size]
    const overMiddles = (vectors: tf.Tensor4D): tf.Tensor4D =>
      tf
        .matMul(links, vectors.reshape<tf.Tensor3D>([documents, count, count * size]))
        .reshape([documents, count, count, size]);
    const second = overMiddles(linked); // over middles, links(x, m) · e(m, y), by x and y
    const first = turn(overMiddles(turn(linked))); // e(x, m) · links(m, y)
    return { forward: tf.concat([first, second], 3) };
  });
}

/** Creates the paper's `W_l` `[2 · querySize, 4 · size]`, which weighs pairs of entities against paths. */
export function pathQueryParameter(querySize: number, size: number, random: Random): tf.Variable {
  return normalParameter([2 * querySize, 4 * size], random, 1 / Math.sqrt(2 * querySize));
}

/**
 * Averages the two-hop paths of every pair of entities, by how well each fits the pair.
 *
 * Paper → code: `e_h`, `e_t` → `entities`, `W_l` → `query`, `s_i` → `scores`, `α_i` → `weights`, `p_{h,t}` → the result.
 *
 * @param edges `[documents, entities, entities, size]`.
 * @param links 1 = linked `[documents, entities, entities]`.
 * @param entities `[documents, entities, querySize]`.
 * @param query `[2 · querySize, 4 · size]`.
 * @returns Zero where there is no path.
 * @equation GAIN eq. 8/9/10 (Entity-level Graph Inference Module)
 */
export function averagePaths(
  edges: tf.Tensor4D,
  links: tf.Tensor3D,
  entities: tf.Tensor3D,
  query: tf.Tensor2D,
  activation: GainConfig["activation"],
): JoinedPaths {
  return tf.tidy(() => {
    const raw = scorePaths(edges, entities, query); // [documents, heads, tails, middles]
    const scores = activate(raw, activation);
    const isPath = links.expandDims<tf.Tensor4D>(2).mul<tf.Tensor4D>(links.expandDims(1)); // [documents, heads, tails, middles]
    const weights = scores.sub(tf.sub(1, isPath).mul(REMOVED)).softmax(3).mul<tf.Tensor4D>(isPath);
    const byTail = turn(weights); // [documents, tails, heads, middles]
    const turned = turn(edges); // e(b, a) by a and b
    return {
      forward: tf.concat([tf.matMul(weights, edges), turn(tf.matMul(byTail, turned))], 3),
      backward: tf.concat([tf.matMul(byTail, edges), turn(tf.matMul(weights, turned))], 3),
    } as unknown as tf.TensorContainer;
  }) as unknown as JoinedPaths;
}

/** Swaps the second and the third axis. */
function turn(vectors: tf.Tensor4D): tf.Tensor4D {
  return vectors.transpose<tf.Tensor4D>([0, 2, 1, 3]);
}

/**
 * Picks the path vectors of pairs.
 *
 * @returns `[e(h, m); e(m, t); e(t, m); e(m, h)]`, joined over the middles `[pairs, 4 · size]`.
 */
export function pathVectors(
  { forward, backward = forward }: JoinedPaths,
  { cells, reversedCells }: Pick<GainPairs, "cells" | "reversedCells">,
): tf.Tensor2D {
  const width = forward.shape[3];
  return tf.tidy(() =>
    tf.concat(
      [
        gatherRows(forward.reshape([-1, width]), cells) as tf.Tensor2D,
        gatherRows(backward.reshape([-1, width]), reversedCells) as tf.Tensor2D,
      ],
      1,
    ),
  );
}

/** `[e_h; e_t] · W_l · p` of every pair and entity between `[documents, heads, tails, middles]`, before σ. */
function scorePaths(edges: tf.Tensor4D, entities: tf.Tensor3D, query: tf.Tensor2D): tf.Tensor4D {
  const [documents, count, , size] = edges.shape;
  const querySize = entities.shape[2];
  const rows = entities.reshape<tf.Tensor2D>([-1, querySize]);
  const [ofHead, ofTail] = tf
    .split<tf.Tensor2D>(query, 2, 0)
    .map((half) => matrixProduct(rows, half).reshape<tf.Tensor3D>([documents, count, 4 * size])) as [
    tf.Tensor3D,
    tf.Tensor3D,
  ];
  const turned = turn(edges);
  const part = (queries: tf.Tensor3D, index: number): tf.Tensor3D =>
    queries.slice([0, 0, index * size], [-1, -1, size]);
  // A query and an edge that share an entity: their product is by entity and middle.
  const own = (queries: tf.Tensor3D, vectors: tf.Tensor4D): tf.Tensor3D =>
    tf.matMul(vectors, queries.expandDims<tf.Tensor4D>(3)).reshape([documents, count, count]);
  // A query and an edge that do not: by the edge's entity, the query's and the middle.
  const other = (queries: tf.Tensor3D, vectors: tf.Tensor4D): tf.Tensor4D => {
    const flat = vectors.reshape<tf.Tensor3D>([documents, count * count, size]); // [documents, entities · middles, size]
    const products = tf.matMul(flat, queries, false, true); // [documents, entities · middles, queries]
    return products.reshape<tf.Tensor4D>([documents, count, count, count]).transpose([0, 1, 3, 2]);
  };
  const byHead = own(part(ofHead, 0), edges).add<tf.Tensor3D>(own(part(ofHead, 3), turned)); // [documents, heads, middles]
  const byTail = own(part(ofTail, 1), turned).add<tf.Tensor3D>(own(part(ofTail, 2), edges)); // [documents, tails, middles]
  const tailOnHeadEdges = other(part(ofTail, 0), edges).add<tf.Tensor4D>(other(part(ofTail, 3), turned)); // by head, tail
  const headOnTailEdges = other(part(ofHead, 1), turned).add<tf.Tensor4D>(other(part(ofHead, 2), edges)); // by tail, head
  return byHead
    .expandDims<tf.Tensor4D>(2)
    .add<tf.Tensor4D>(byTail.expandDims(1))
    .add<tf.Tensor4D>(tailOnHeadEdges)
    .add(turn(headOnTailEdges));
}
