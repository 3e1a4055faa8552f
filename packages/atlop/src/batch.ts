import { type Backbone, collateDocuments, countTokens, type DocumentInput } from "@relatum/encoders";
import { bucketSize } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import type { AtlopConfig } from "./config.ts";
import type { AtlopFeatures } from "./features.ts";

/**
 * Documents as tensors, padded to a few sizes. Entities and pairs are numbered over the whole batch.
 *
 * Free it with `tf.dispose(batch)`.
 */
export interface AtlopBatch {
  /** The tokens, and the mentions as queries into them. */
  readonly input: DocumentInput;
  readonly mentions: AtlopMentions;
  readonly pairs: AtlopPairs;
  /** 1 = the label holds `[pairs, labels]`; all 0 for unlabelled documents. */
  readonly targets: tf.Tensor2D;
}

/** Which mentions make up which entity. */
export interface AtlopMentions {
  /** int32 `[documents · entities, mentions]`: rows of documents × queries. */
  readonly queries: tf.Tensor2D;
  /** 1 = a mention, 0 = padding `[documents · entities, mentions]`. */
  readonly mask: tf.Tensor2D;
  /** Averages mentions: one over an entity's number of mentions for each of them `[documents, entities, queries]`. */
  readonly shares: tf.Tensor3D;
}

/** Pairs of entities to classify, from a run of head entities in each document. */
export interface AtlopPairs {
  /** int32 `[pairs]`: rows of documents × entities. */
  readonly heads: tf.Tensor1D;
  /** int32 `[pairs]`: rows of documents × entities. */
  readonly tails: tf.Tensor1D;
  /** int32 `[pairs]`: cells of documents × head entities × entities, head entities counted from `headStart`. */
  readonly cells: tf.Tensor1D;
  /** 1 = a pair, 0 = padding `[pairs]`. */
  readonly mask: tf.Tensor1D;
  /** The first head entity in each document. */
  readonly headStart: number;
  /** How many head entities from there, in each document. */
  readonly headCount: number;
}

/** How {@link collateAtlop} pads. */
export interface CollateAtlopOptions {
  /** `exact` pads to the largest; `buckets`, the default, to one of a few sizes, so that batches can share a graph. */
  readonly pad?: "exact" | "buckets";
}

/** The smallest number of entities in use: growing costs little beside the encoder, and fewer sizes make fewer graphs. */
export const LEAST_ENTITIES = 16;
const LEAST_MENTIONS = 16;
const LEAST_QUERIES = 64;
/** As {@link LEAST_ENTITIES}, of pairs. */
export const LEAST_PAIRS = 128;

/**
 * Lays features out as one batch.
 *
 * A mention that was cut off is left out; an entity without mentions has the zero vector and pays no attention.
 *
 * @param features At least one document.
 * @returns Tensors that the caller frees with `tf.dispose`.
 */
export function collateAtlop(
  features: readonly AtlopFeatures[],
  backbone: Pick<Backbone, "encoder" | "tokenizer">,
  config: AtlopConfig,
  { pad = "buckets" }: CollateAtlopOptions = {},
): AtlopBatch {
  const documents = features.map(findMentions);
  const sizes = chooseSizes(documents, pad);
  const queries = documents.map(({ flat }) => [...flat, ...Array<number>(sizes.queries - flat.length).fill(0)]);
  const input = collateDocuments(
    features.map(({ tokenIds }) => tokenIds),
    queries,
    backbone.tokenizer,
    {
      maxRowTokens: backbone.encoder.maxTokens,
      windows: config.windows,
      pad,
    },
  );
  const pairs = collatePairs(listPairs(features), { ...sizes, headStart: 0, headCount: sizes.entities }, pad);
  return {
    input,
    mentions: collateMentions(documents, sizes),
    pairs,
    targets: collateTargets(features, config, pairs),
  };
}

/** Counts the tokens that {@link collateAtlop} lays out, how many of them are padding, and the rows. */
export function countAtlopTokens(
  features: readonly AtlopFeatures[],
  { encoder, tokenizer }: Pick<Backbone, "encoder" | "tokenizer">,
  { windows }: AtlopConfig,
): { readonly all: number; readonly padding: number; readonly rows: number } {
  const options = { maxRowTokens: encoder.maxTokens, windows, pad: "buckets" } as const;
  return countTokens(
    features.map(({ tokenIds }) => tokenIds),
    tokenizer,
    options,
  );
}

/** A pair to classify. */
export interface BatchPair {
  /** Number of its document in the batch. */
  readonly document: number;
  readonly head: number;
  readonly tail: number;
}

/** Lists the pairs of a batch, document after document. */
export function listPairs(features: readonly AtlopFeatures[]): BatchPair[] {
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
  { entities, headStart, headCount }: { entities: number; headStart: number; headCount: number },
  pad: "exact" | "buckets" = "buckets",
): AtlopPairs {
  const count = pad === "exact" ? Math.max(1, pairs.length) : bucketSize(Math.max(LEAST_PAIRS, pairs.length));
  const rows = (value: (pair: BatchPair) => number): tf.Tensor1D => {
    const values = new Int32Array(count);
    for (const [index, pair] of pairs.entries()) values[index] = value(pair);
    return tf.tensor1d(values, "int32");
  };
  return {
    heads: rows(({ document, head }) => document * entities + head),
    tails: rows(({ document, tail }) => document * entities + tail),
    cells: rows(({ document, head, tail }) => (document * headCount + head - headStart) * entities + tail),
    mask: tf.tensor1d(new Float32Array(count).fill(1, 0, pairs.length)),
    headStart,
    headCount,
  };
}

/** A document's mentions that were not cut off. */
interface DocumentMentions {
  /** Their tokens, entity after entity. */
  readonly flat: readonly number[];
  /** By entity, their places in `flat`. */
  readonly byEntity: readonly (readonly number[])[];
}

function findMentions({ mentionStarts, tokenIds }: AtlopFeatures): DocumentMentions {
  const kept = mentionStarts.map((starts) => starts.filter((start) => start < tokenIds.length));
  let next = 0;
  return { flat: kept.flat(), byEntity: kept.map((starts) => starts.map(() => next++)) };
}

interface BatchSizes {
  readonly documents: number;
  readonly entities: number;
  readonly mentions: number;
  readonly queries: number;
}

function chooseSizes(documents: readonly DocumentMentions[], pad: "exact" | "buckets"): BatchSizes {
  const round = pad === "exact" ? (size: number) => size : roundUp;
  return {
    documents: documents.length,
    entities: round(Math.max(1, ...documents.map(({ byEntity }) => byEntity.length)), LEAST_ENTITIES),
    mentions: round(
      Math.max(1, ...documents.flatMap(({ byEntity }) => byEntity.map(({ length }) => length))),
      LEAST_MENTIONS,
    ),
    queries: round(Math.max(1, ...documents.map(({ flat }) => flat.length)), LEAST_QUERIES),
  };
}

/** The smallest of `least`, 2 · least, 4 · least, … that is not below the size. */
function roundUp(size: number, least: number): number {
  return least * 2 ** Math.max(0, Math.ceil(Math.log2(size / least)));
}

function collateMentions(documents: readonly DocumentMentions[], sizes: BatchSizes): AtlopMentions {
  const { entities, mentions, queries } = sizes;
  const groups = documents.length * entities;
  const rows = new Int32Array(groups * mentions);
  const mask = new Float32Array(groups * mentions);
  const shares = new Float32Array(groups * queries);
  for (const [document, { byEntity }] of documents.entries()) {
    for (const [entity, places] of byEntity.entries()) {
      const group = document * entities + entity;
      for (const [index, place] of places.entries()) {
        rows[group * mentions + index] = document * queries + place;
        mask[group * mentions + index] = 1;
        shares[group * queries + place] = 1 / places.length;
      }
    }
  }
  return {
    queries: tf.tensor2d(rows, [groups, mentions], "int32"),
    mask: tf.tensor2d(mask, [groups, mentions]),
    shares: tf.tensor3d(shares, [documents.length, entities, queries]),
  };
}

function collateTargets(features: readonly AtlopFeatures[], config: AtlopConfig, { mask }: AtlopPairs): tf.Tensor2D {
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
