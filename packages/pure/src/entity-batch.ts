import { type Backbone, collateDocuments, type DocumentInput } from "@relatum/encoders";
import * as tf from "@tensorflow/tfjs";

import type { PureEntityFeatures } from "./entity-features.ts";

/** Sentences as the entity model takes them. */
export interface PureEntityBatch {
  readonly input: DocumentInput;
  readonly spans: PureSpans;
  /** int32, the label number of each span `[spans]`; 0 for padding and where labels are not known. */
  readonly targets: tf.Tensor1D;
}

/** The spans of a batch, sentence after sentence, then padding. */
export interface PureSpans {
  /** int32, the first token of each span, counted over all sentences and padding `[spans]`. */
  readonly starts: tf.Tensor1D;
  /** int32, its last token `[spans]`. */
  readonly ends: tf.Tensor1D;
  /** int32, its width in words; 0 for padding `[spans]`. */
  readonly widths: tf.Tensor1D;
  /** 1 = a span, 0 = padding `[spans]`. */
  readonly mask: tf.Tensor1D;
}

/** How {@link collatePureEntities} pads. */
export interface CollatePureEntitiesOptions {
  /** `exact` pads to the largest; `buckets`, the default, to one of a few sizes, so that batches can share a graph. */
  readonly pad?: "exact" | "buckets";
}

/** The smallest number of spans in use; they cost little beside the encoder, and fewer sizes make fewer graphs. */
export const LEAST_SPANS = 1024;

/** Up to so many tokens, rows come in finer steps: sentences are short. */
const SHORT_ROW = 64;

/**
 * Lays features out as one batch.
 *
 * @param features At least one sentence.
 * @returns Tensors that the caller frees with `tf.dispose`.
 */
export function collatePureEntities(
  features: readonly PureEntityFeatures[],
  { encoder, tokenizer }: Pick<Backbone, "encoder" | "tokenizer">,
  { pad = "buckets" }: CollatePureEntitiesOptions = {},
): PureEntityBatch {
  const sequences = features.map(({ tokenIds }) => tokenIds);
  const isShort = sequences.every(({ length }) => length <= SHORT_ROW);
  const input = collateDocuments(
    sequences,
    sequences.map(() => []),
    tokenizer,
    { maxRowTokens: encoder.maxTokens, pad, rowStep: isShort ? 16 : 32 },
  );
  const width = input.tokenMask.shape[1];
  return { input, ...collateSpans(features, width, pad) };
}

/**
 * Lays the spans of sentences out as tensors, with their labels.
 *
 * @param width Tokens per sentence, padding included.
 * @returns Tensors that the caller frees with `tf.dispose`.
 */
export function collateSpans(
  features: readonly PureEntityFeatures[],
  width: number,
  pad: "exact" | "buckets" = "buckets",
): Pick<PureEntityBatch, "spans" | "targets"> {
  const count = features.reduce((total, { spans }) => total + spans.length, 0);
  const size = pad === "exact" ? Math.max(1, count) : 2 ** Math.ceil(Math.log2(Math.max(LEAST_SPANS, count)));
  const [starts, ends, widths, targets] = Array.from({ length: 4 }, () => new Int32Array(size)) as Columns;
  let row = 0;
  for (const [index, { spans, wordStarts, wordEnds, labels }] of features.entries()) {
    for (const [place, { start, end }] of spans.entries()) {
      starts[row] = index * width + (wordStarts[start] as number);
      ends[row] = index * width + (wordEnds[end - 1] as number);
      widths[row] = end - start;
      targets[row] = labels?.[place] ?? 0;
      row += 1;
    }
  }
  return {
    spans: {
      starts: tf.tensor1d(starts, "int32"),
      ends: tf.tensor1d(ends, "int32"),
      widths: tf.tensor1d(widths, "int32"),
      mask: tf.tensor1d(new Float32Array(size).fill(1, 0, count)),
    },
    targets: tf.tensor1d(targets, "int32"),
  };
}

type Columns = [starts: Int32Array, ends: Int32Array, widths: Int32Array, targets: Int32Array];
