import type { EncoderInput, Tokenizer } from "@relatum/encoders";
import { bucketSize } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import type { GainConfig } from "./config.ts";
import type { GainFeatures } from "./features.ts";
import { type GraphEdge, MENTION_EDGES } from "./graphs.ts";

/**
 * Documents as tensors, padded to a few sizes. Graphs are dense blocks, one a document.
 *
 * Free it with `tf.dispose(batch)`.
 */
export interface GainBatch {
  readonly tokens: GainTokens;
  readonly graph: GainGraph;
  readonly pairs: GainPairs;
  /** 1 = the label holds `[pairs, labels]`; all 0 for unlabelled documents. */
  readonly targets: tf.Tensor2D;
}

/** The text of a batch and which entities it names. */
export interface GainTokens extends Pick<EncoderInput, "tokenIds"> {
  /** 1 = a real token `[documents, tokens]`. */
  readonly mask: tf.Tensor2D;
  /** int32, number of each token's entity type, 0 = none `[documents, tokens]`. */
  readonly typeIds: tf.Tensor2D;
  /** int32, number of each token's entity, 0 = none `[documents, tokens]`. */
  readonly entityIds: tf.Tensor2D;
}

/** The graphs of a batch's documents; node 0 of each is the document. */
export interface GainGraph {
  /** Averages tokens: one over a mention's number of tokens for each `[documents, nodes, tokens]`. */
  readonly tokenShares: tf.Tensor3D;
  /** Averages neighbours: one over a node's number of neighbours of a kind of edge `[documents, nodes · edges, nodes]`. */
  readonly neighbourShares: tf.Tensor3D;
  /** Averages mentions: one over an entity's number of mentions for each `[documents, entities, nodes]`. */
  readonly mentionShares: tf.Tensor3D;
  /** 1 = one sentence names both entities `[documents, entities, entities]`. */
  readonly links: tf.Tensor3D;
}

/** Pairs of entities to classify. */
export interface GainPairs {
  /** int32 `[pairs]`. */
  readonly documents: tf.Tensor1D;
  /** int32 `[pairs]`: rows of documents × entities. */
  readonly heads: tf.Tensor1D;
  /** int32 `[pairs]`: rows of documents × entities. */
  readonly tails: tf.Tensor1D;
  /** int32 `[pairs]`: cells of documents × entities × entities, the head first. */
  readonly cells: tf.Tensor1D;
  /** int32 `[pairs]`: as `cells`, the tail first. */
  readonly reversedCells: tf.Tensor1D;
  /** 1 = a pair, 0 = padding `[pairs]`. */
  readonly mask: tf.Tensor1D;
}

/** How {@link collateGain} pads. */
export interface CollateGainOptions {
  /** `exact` pads to the largest; `buckets`, the default, to one of a few sizes, so that batches can share a graph. */
  readonly pad?: "exact" | "buckets";
}

/** The smallest number of entities in use: growing costs little beside the encoder, and fewer sizes make fewer graphs. */
export const LEAST_ENTITIES = 16;
const LEAST_NODES = 32;
/** As {@link LEAST_ENTITIES}, of pairs. */
export const LEAST_PAIRS = 128;

/** Rows of tokens come in multiples of this many. */
const TOKEN_STEP = 64;

/**
 * Lays features out as one batch.
 *
 * @param features At least one document.
 * @returns Tensors that the caller frees with `tf.dispose`.
 */
export function collateGain(
  features: readonly GainFeatures[],
  tokenizer: Pick<Tokenizer, "padId">,
  config: GainConfig,
  { pad = "buckets" }: CollateGainOptions = {},
): GainBatch {
  const sizes = chooseSizes(features, pad);
  const pairs = collatePairs(listPairs(features), sizes.entities, pad);
  return {
    tokens: collateTokens(features, sizes, tokenizer),
    graph: {
      tokenShares: collateTokenShares(features, sizes),
      neighbourShares: collateNeighbours(features, sizes, config),
      mentionShares: collateMentions(features, sizes),
      links: collateLinks(features, sizes),
    },
    pairs,
    targets: collateTargets(features, config, pairs),
  };
}

/** Counts the tokens that {@link collateGain} lays out, and how many of them are padding. */
export function countGainTokens(features: readonly GainFeatures[]): {
  readonly all: number;
  readonly padding: number;
} {
  const { documents, tokens } = chooseSizes(features, "buckets");
  const real = features.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  return { all: documents * tokens, padding: documents * tokens - real };
}

/** A pair to classify. */
export interface BatchPair {
  /** Number of its document in the batch. */
  readonly document: number;
  readonly head: number;
  readonly tail: number;
}

/** Lists the pairs of a batch, document after document. */
export function listPairs(features: readonly GainFeatures[]): BatchPair[] {
  return features.flatMap(({ pairs }, document) => pairs.map(([head, tail]) => ({ document, head, tail })));
}

/**
 * Lays pairs out as tensors.
 *
 * @param entities Entities per document, padding included.
 * @returns Tensors that the caller frees with `tf.dispose`.
 */
export function collatePairs(
  pairs: readonly BatchPair[],
  entities: number,
  pad: "exact" | "buckets" = "buckets",
): GainPairs {
  const count = pad === "exact" ? Math.max(1, pairs.length) : bucketSize(Math.max(LEAST_PAIRS, pairs.length));
  const rows = (value: (pair: BatchPair) => number): tf.Tensor1D => {
    const values = new Int32Array(count);
    for (const [index, pair] of pairs.entries()) values[index] = value(pair);
    return tf.tensor1d(values, "int32");
  };
  return {
    documents: rows(({ document }) => document),
    heads: rows(({ document, head }) => document * entities + head),
    tails: rows(({ document, tail }) => document * entities + tail),
    cells: rows(({ document, head, tail }) => (document * entities + head) * entities + tail),
    reversedCells: rows(({ document, head, tail }) => (document * entities + tail) * entities + head),
    mask: tf.tensor1d(new Float32Array(count).fill(1, 0, pairs.length)),
  };
}

interface BatchSizes {
  readonly documents: number;
  readonly tokens: number;
  readonly nodes: number;
  readonly entities: number;
}

function chooseSizes(features: readonly GainFeatures[], pad: "exact" | "buckets"): BatchSizes {
  const longest = Math.max(...features.map(({ tokenIds }) => tokenIds.length));
  const nodes = Math.max(...features.map(({ mentionGraph }) => mentionGraph.nodeCount));
  const entities = Math.max(1, ...features.map(({ entityGraph }) => entityGraph.entityCount));
  if (pad === "exact") return { documents: features.length, tokens: longest, nodes, entities };
  return {
    documents: features.length,
    tokens: Math.ceil(longest / TOKEN_STEP) * TOKEN_STEP,
    nodes: roundUp(nodes, LEAST_NODES),
    entities: roundUp(entities, LEAST_ENTITIES),
  };
}

/** The smallest of `least`, 2 · least, 4 · least, … that is not below the size. */
function roundUp(size: number, least: number): number {
  return least * 2 ** Math.max(0, Math.ceil(Math.log2(size / least)));
}

function collateTokens(
  features: readonly GainFeatures[],
  { documents, tokens }: BatchSizes,
  { padId }: Pick<Tokenizer, "padId">,
): GainTokens {
  const shape: [number, number] = [documents, tokens];
  const rows = (valuesOf: (one: GainFeatures) => readonly number[], padding: number): tf.Tensor2D => {
    const values = new Int32Array(documents * tokens).fill(padding);
    for (const [document, one] of features.entries()) values.set(valuesOf(one), document * tokens);
    return tf.tensor2d(values, shape, "int32");
  };
  const mask = new Float32Array(documents * tokens);
  for (const [document, { tokenIds }] of features.entries()) {
    mask.fill(1, document * tokens, document * tokens + tokenIds.length);
  }
  return {
    tokenIds: rows(({ tokenIds }) => tokenIds, padId),
    mask: tf.tensor2d(mask, shape),
    typeIds: rows(({ tokenTypes }) => tokenTypes, 0),
    entityIds: rows(({ tokenEntities }) => tokenEntities, 0),
  };
}

function collateTokenShares(features: readonly GainFeatures[], { documents, nodes, tokens }: BatchSizes): tf.Tensor3D {
  const shares = new Float32Array(documents * nodes * tokens);
  for (const [document, { mentions }] of features.entries()) {
    const counts = countValues(mentions.tokenMentions);
    for (const [token, mention] of mentions.tokenMentions.entries()) {
      if (mention > 0) shares[(document * nodes + mention) * tokens + token] = 1 / (counts.get(mention) as number);
    }
  }
  return tf.tensor3d(shares, [documents, nodes, tokens]);
}

/** Without the document's node, its edges are left out: it is then alone, and nobody reads it. */
function collateNeighbours(
  features: readonly GainFeatures[],
  { documents, nodes }: BatchSizes,
  { documentNode }: GainConfig,
): tf.Tensor3D {
  const kinds = MENTION_EDGES.filter((kind) => documentNode || kind !== "document");
  const shares = new Float32Array(documents * nodes * kinds.length * nodes);
  for (const [document, { mentionGraph }] of features.entries()) {
    for (const [kind, name] of kinds.entries()) {
      const rowOf = (node: number): number => ((document * nodes + node) * kinds.length + kind) * nodes;
      addShares(shares, mentionGraph.edges[name], rowOf);
    }
  }
  return tf.tensor3d(shares, [documents, nodes * kinds.length, nodes]);
}

/** Gives each edge one over the number of edges that reach its end. */
function addShares(shares: Float32Array, edges: readonly GraphEdge[], rowOf: (node: number) => number): void {
  const counts = countValues(edges.map(([, to]) => to));
  for (const [from, to] of edges) shares[rowOf(to) + from] = 1 / (counts.get(to) as number);
}

function collateMentions(features: readonly GainFeatures[], { documents, entities, nodes }: BatchSizes): tf.Tensor3D {
  const shares = new Float32Array(documents * entities * nodes);
  for (const [document, { mentions }] of features.entries()) {
    for (const [entity, numbers] of mentions.entityMentions.entries()) {
      for (const number of numbers) shares[(document * entities + entity) * nodes + number] = 1 / numbers.length;
    }
  }
  return tf.tensor3d(shares, [documents, entities, nodes]);
}

function collateLinks(features: readonly GainFeatures[], { documents, entities }: BatchSizes): tf.Tensor3D {
  const links = new Float32Array(documents * entities * entities);
  for (const [document, { entityGraph }] of features.entries()) {
    for (const [head, tail] of entityGraph.edges) links[(document * entities + head) * entities + tail] = 1;
  }
  return tf.tensor3d(links, [documents, entities, entities]);
}

function collateTargets(features: readonly GainFeatures[], config: GainConfig, { mask }: GainPairs): tf.Tensor2D {
  const labels = config.relations.length + 1;
  const values = new Float32Array(mask.size * labels);
  let row = 0;
  for (const { pairs, targets } of features) {
    for (const [index] of pairs.entries()) {
      for (const label of targets?.[index] ?? []) values[row * labels + label] = 1;
      row += 1;
    }
  }
  return tf.tensor2d(values, [mask.size, labels]);
}

function countValues(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
