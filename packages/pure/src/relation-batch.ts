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
  /**
   * int32, the start markers of each text's pairs, the head's before the tail's, then padding `[texts, markers]`; only
   * where nothing else is to be read from the text.
   */
  readonly startMarkers?: tf.Tensor2D;
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
  /**
   * int32, the start marker, or without markers the span's first token, counted over the tokens of all texts and padding,
   * or over {@link PureRelationInputTokens.startMarkers} `[pairs]`.
   */
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
  /** Whether pairs' start markers alone are read, so that the encoder need not give the other tokens. */
  readonly markersOnly?: boolean;
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
  { pad = "buckets", markersOnly = false }: CollatePureRelationsOptions = {},
): PureRelationBatch {
  const longest = Math.max(...features.map(featureTokens));
  const width = pad === "exact" ? longest : textWidth(longest);
  const texts = pad === "exact" ? features.length : bucketSize(features.length);
  const markers = markersOnly ? markerCount(features, width, pad) : undefined;
  return {
    input: collateTokens(features, { texts, width, padId, markers }),
    ...collatePairs(features, { width, size: pairCount(features, texts, pad), maxSpanWords, markers }),
  };
}

/** How many start markers each text has, with padding: those of one pair, or a few shares of the tokens. */
function markerCount(features: readonly PureRelationFeatures[], width: number, pad: "exact" | "buckets"): number {
  const most = 2 * Math.max(1, ...features.map(({ pairs }) => pairs.length));
  if (pad === "exact" || most === 2) return most;
  const step = Math.ceil(width / 8);
  return step * Math.ceil(most / step);
}

function pairCount(features: readonly PureRelationFeatures[], texts: number, pad: "exact" | "buckets"): number {
  const count = features.reduce((total, { pairs }) => total + pairs.length, 0);
  if (pad === "exact") return Math.max(1, count);
  if (features.every(({ pairs }) => pairs.length <= 1)) return texts;
  return 2 ** Math.ceil(Math.log2(Math.max(LEAST_PAIRS, count)));
}

function collateTokens(
  features: readonly PureRelationFeatures[],
  {
    texts,
    width,
    padId,
    markers: places,
  }: { texts: number; width: number; padId: number; markers: number | undefined },
): PureRelationInputTokens {
  const shape: [number, number] = [texts, width];
  const tokenIds = new Int32Array(texts * width).fill(padId);
  const textMask = new Float32Array(texts * width);
  const positionIds = new Int32Array(texts * width);
  const groups = new Int32Array(texts * width);
  const startMarkers = new Int32Array(texts * (places ?? 0));
  for (const [row, { tokenIds: text, pairs }] of features.entries()) {
    const start = row * width;
    tokenIds.set(text, start);
    textMask.fill(1, start, start + text.length);
    for (const index of text.keys()) positionIds[start + index] = index;
    let next = start + text.length;
    for (const [index, pair] of pairs.entries()) {
      const { markers = [], headFirst, headLast, tailFirst, tailLast } = pair;
      tokenIds.set(markers, next);
      groups.fill(index + 1, next, next + markers.length);
      if (markers.length > 0) positionIds.set([headFirst, headLast, tailFirst, tailLast], next);
      const { head, tail } = placesOf(pair, index, text);
      if (places !== undefined) startMarkers.set([head.start, tail.start], row * places + 2 * index);
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
    ...(places !== undefined && { startMarkers: tf.tensor2d(startMarkers, [texts, places], "int32") }),
  };
}

/** Where a side of a pair is in its text: its start marker, or the span's first token; its end marker, or the last. */
interface SidePlaces {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds a pair in its text; four markers of each pair before it are behind the text, if any are.
 *
 * @param index Its place among the text's pairs.
 * @param text The text's tokens, without markers behind it.
 */
function placesOf(
  { markers, headFirst, headLast, tailFirst, tailLast }: PureRelationPair,
  index: number,
  text: readonly number[],
): { readonly head: SidePlaces; readonly tail: SidePlaces } {
  if (markers === undefined)
    return { head: { start: headFirst, end: headLast }, tail: { start: tailFirst, end: tailLast } };
  const first = text.length + 4 * index;
  return { head: { start: first, end: first + 1 }, tail: { start: first + 2, end: first + 3 } };
}

function collatePairs(
  features: readonly PureRelationFeatures[],
  {
    width,
    size,
    maxSpanWords,
    markers,
  }: { width: number; size: number; maxSpanWords: number; markers: number | undefined },
): Pick<PureRelationBatch, "pairs" | "targets"> {
  const placed = features.flatMap(({ tokenIds, pairs }, row) =>
    pairs.map((pair, index) => {
      // The head's place among the start markers; the tail's follows.
      const marker = markers === undefined ? undefined : row * markers + 2 * index;
      return { pair, text: row * width, places: placesOf(pair, index, tokenIds), marker };
    }),
  );
  const column = (valueOf: (one: (typeof placed)[number]) => number): tf.Tensor1D => {
    const values = new Int32Array(size);
    for (const [index, one] of placed.entries()) values[index] = valueOf(one);
    return tf.tensor1d(values, "int32");
  };
  const side = (name: "head" | "tail"): PureRelationSide => ({
    starts: column(({ text, places, marker }) => {
      return marker === undefined ? text + places[name].start : marker + (name === "head" ? 0 : 1);
    }),
    ends: column(({ text, places }) => text + places[name].end),
    widths: column(({ pair }) => Math.min(maxSpanWords, pair[name].end - pair[name].start)),
    types: column(({ pair }) => pair[name].label),
  });
  return {
    pairs: {
      heads: side("head"),
      tails: side("tail"),
      mask: tf.tensor1d(new Float32Array(size).fill(1, 0, placed.length)),
    },
    targets: column(({ pair }) => pair.labelIds.at(-1) ?? 0),
  };
}
