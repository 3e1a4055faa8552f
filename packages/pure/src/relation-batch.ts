import type { Tokenizer } from "@relatum/encoders";
import { bucketSize } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import type { PureConfig } from "./config.ts";
import type { PureRelationFeatures, PureRelationPair } from "./relation-features.ts";

/** Pairs of spans as the relation model takes them. Free it with `tf.dispose(batch)`. */
export interface PureRelationBatch {
  readonly input: PureRelationInputTokens;
  readonly pairs: PureRelationPairs;
  /** int32, the last label number of each pair `[pairs]`; 0 for padding and where labels are not known. */
  readonly targets: tf.Tensor1D;
}

/** The tokens of a batch. */
export interface PureRelationInputTokens {
  /** int32 `[texts, tokens]`. */
  readonly tokenIds: tf.Tensor2D;
  /** 1 = text, 0 = padding or a marker behind the text `[texts, tokens]`. */
  readonly textMask: tf.Tensor2D;
  /** int32 `[texts, tokens]`; only where markers are behind the text, whose positions they share. */
  readonly positionIds?: tf.Tensor2D;
  /** int32, which pair a marker behind the text belongs to, from 1; 0 = no such marker `[texts, tokens]`. */
  readonly groups?: tf.Tensor2D;
}

/** The pairs of a batch, text after text, then padding. */
export interface PureRelationPairs {
  readonly heads: PureRelationSide;
  readonly tails: PureRelationSide;
  /** 1 = a pair, 0 = padding `[pairs]`. */
  readonly mask: tf.Tensor1D;
}

/** One side of every pair. */
export interface PureRelationSide {
  /** int32, the start marker, or without markers the span's first token, counted over all texts and padding `[pairs]`. */
  readonly starts: tf.Tensor1D;
  /** int32, the span's last token, or the end marker `[pairs]`. */
  readonly ends: tf.Tensor1D;
  /** int32, the span's words, at most the config's `maxSpanWords`; 0 for padding `[pairs]`. */
  readonly widths: tf.Tensor1D;
  /** int32, place of the span's type in the config's `entityTypes`, from 1; 0 = no entity `[pairs]`. */
  readonly types: tf.Tensor1D;
}

/** How {@link collatePureRelations} pads. */
export interface CollatePureRelationsOptions {
  /** `exact` pads to the largest; `buckets`, the default, to one of a few sizes, so that batches can share a graph. */
  readonly pad?: "exact" | "buckets";
}

/** The smallest number of pairs in use where a text has several: more cost nothing beside the encoder. */
const LEAST_PAIRS = 64;

/** The tokens of a text and its markers. */
export function featureTokens({ tokenIds, pairs }: PureRelationFeatures): number {
  return tokenIds.length + pairs.reduce((total, { markers }) => total + (markers?.length ?? 0), 0);
}

/** The width that texts of at most so many tokens are padded to: one of a few. */
export function textWidth(tokens: number): number {
  const step = tokens <= 256 ? 16 : 32;
  return step * Math.ceil(tokens / step);
}

/**
 * Lays features out as one batch.
 *
 * @param features At least one.
 * @returns Tensors that the caller frees with `tf.dispose`.
 */
export function collatePureRelations(
  features: readonly PureRelationFeatures[],
  { padId }: Pick<Tokenizer, "padId">,
  { maxSpanWords }: Pick<PureConfig, "maxSpanWords">,
  { pad = "buckets" }: CollatePureRelationsOptions = {},
): PureRelationBatch {
  const longest = Math.max(...features.map(featureTokens));
  const width = pad === "exact" ? longest : textWidth(longest);
  const texts = pad === "exact" ? features.length : bucketSize(features.length);
  return {
    input: collateTokens(features, { texts, width, padId }),
    ...collatePairs(features, { width, size: pairCount(features, texts, pad), maxSpanWords }),
  };
}

function pairCount(features: readonly PureRelationFeatures[], texts: number, pad: "exact" | "buckets"): number {
  const count = features.reduce((total, { pairs }) => total + pairs.length, 0);
  if (pad === "exact") return Math.max(1, count);
  if (features.every(({ pairs }) => pairs.length <= 1)) return texts;
  return 2 ** Math.ceil(Math.log2(Math.max(LEAST_PAIRS, count)));
}

function collateTokens(
  features: readonly PureRelationFeatures[],
  { texts, width, padId }: { texts: number; width: number; padId: number },
): PureRelationInputTokens {
  const shape: [number, number] = [texts, width];
  const tokenIds = new Int32Array(texts * width).fill(padId);
  const textMask = new Float32Array(texts * width);
  const positionIds = new Int32Array(texts * width);
  const groups = new Int32Array(texts * width);
  for (const [row, { tokenIds: text, pairs }] of features.entries()) {
    const start = row * width;
    tokenIds.set(text, start);
    textMask.fill(1, start, start + text.length);
    for (const index of text.keys()) positionIds[start + index] = index;
    let next = start + text.length;
    for (const [index, { markers = [], headFirst, headLast, tailFirst, tailLast }] of pairs.entries()) {
      tokenIds.set(markers, next);
      groups.fill(index + 1, next, next + markers.length);
      if (markers.length > 0) positionIds.set([headFirst, headLast, tailFirst, tailLast], next);
      next += markers.length;
    }
  }
  const isBehind = features.some(({ pairs }) => pairs.some(({ markers }) => markers !== undefined));
  return {
    tokenIds: tf.tensor2d(tokenIds, shape, "int32"),
    textMask: tf.tensor2d(textMask, shape),
    ...(isBehind && {
      positionIds: tf.tensor2d(positionIds, shape, "int32"),
      groups: tf.tensor2d(groups, shape, "int32"),
    }),
  };
}

/** A pair with its place among the batch's tokens. */
interface PlacedPair extends PureRelationPair {
  /** The first token of the pair's text. */
  readonly text: number;
  /** The pair's first marker behind the text. */
  readonly behind: number;
}

function collatePairs(
  features: readonly PureRelationFeatures[],
  { width, size, maxSpanWords }: { width: number; size: number; maxSpanWords: number },
): Pick<PureRelationBatch, "pairs" | "targets"> {
  const placed = features.flatMap(({ tokenIds, pairs }, row): PlacedPair[] => {
    const text = row * width;
    return pairs.map((pair, index) => ({ ...pair, text, behind: text + tokenIds.length + 4 * index }));
  });
  const column = (valueOf: (pair: PlacedPair) => number): tf.Tensor1D => {
    const values = new Int32Array(size);
    for (const [index, pair] of placed.entries()) values[index] = valueOf(pair);
    return tf.tensor1d(values, "int32");
  };
  const side = (name: "head" | "tail", marker: number): PureRelationSide => ({
    starts: column((pair) => (pair.markers ? pair.behind + marker : pair.text + pair[`${name}First`])),
    ends: column((pair) => (pair.markers ? pair.behind + marker + 1 : pair.text + pair[`${name}Last`])),
    widths: column((pair) => Math.min(maxSpanWords, pair[name].end - pair[name].start)),
    types: column((pair) => pair[name].label),
  });
  return {
    pairs: {
      heads: side("head", 0),
      tails: side("tail", 2),
      mask: tf.tensor1d(new Float32Array(size).fill(1, 0, placed.length)),
    },
    targets: column(({ labelIds }) => labelIds.at(-1) ?? 0),
  };
}
