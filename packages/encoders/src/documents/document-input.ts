import { bucketSize } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import { splitIntoWindows, type WindowOptions } from "./document-windows.ts";
import type { EncoderInput } from "../encoder.ts";
import type { Tokenizer } from "../tokens/tokenizer.ts";
import {
  type BatchLayout,
  type PlacedDocument,
  placeWindows,
  type WindowPlacement,
  windowsAround,
} from "./window-placement.ts";

/**
 * Documents as the rows that an encoder takes, and where each token's results are found in them.
 *
 * Tensors only, so that it can be the input of a recorded graph; free it with {@link disposeDocuments}.
 */
export interface DocumentInput {
  /** `[rows, width]`: one row a document, or more where one is split; then padding rows. */
  readonly windows: EncoderInput;
  /** 1 = a real token `[documents, tokens]`. */
  readonly tokenMask: tf.Tensor2D;
  /** 1 = asked for, 0 = padding `[documents, queries]`. */
  readonly queryMask: tf.Tensor2D;
  /** int32 `[documents, queries]`: the token each query asks for, counted over all documents and padding. */
  readonly queryTokens: tf.Tensor2D;
  /** int32 `[documents, queries, slots]`: the rows that hold each query's token. */
  readonly queryRows: tf.Tensor3D;
  /** int32 `[documents, queries, slots]`: its position in them. */
  readonly queryPositions: tf.Tensor3D;
  /** How rows are put together; only where a document of the batch is split. */
  readonly placement?: WindowPlacement;
}

/** What {@link collateDocuments} may be told. */
export interface CollateDocumentsOptions extends WindowOptions {
  /** `exact` pads to the longest; `buckets` to one of a few sizes, so that batches of like size share one graph. */
  readonly pad?: "exact" | "buckets";
  /** Fills rows up; the tokenizer's without it. */
  readonly padId?: number;
  /** With `buckets`, rows hold a multiple of so many tokens; 64 without it. */
  readonly rowStep?: number;
}

/** Rows of tokens come in multiples of this many, unless told otherwise. */
const ROW_STEP = 64;

/**
 * Lays documents out as rows of tokens, splitting those longer than a row.
 *
 * @param sequences Each document's token ids, start and end ids included; any length.
 * @param queries For each document, the tokens whose vector and attention are wanted.
 * @returns Tensors that the caller frees with {@link disposeDocuments}.
 * @throws {RangeError} If there is no document, a document is empty, or a query lies outside its document.
 */
export function collateDocuments(
  sequences: readonly (readonly number[])[],
  queries: readonly (readonly number[])[],
  tokenizer: Pick<Tokenizer, "startIds" | "endIds" | "padId">,
  options: CollateDocumentsOptions,
): DocumentInput {
  checkDocuments(sequences, queries);
  const documents = placeDocuments(sequences, queries, tokenizer, options);
  const layout = chooseLayout(documents, options);
  return {
    windows: collateWindows(documents, layout, options.padId ?? tokenizer.padId),
    tokenMask: collateTokenMask(documents, layout),
    ...collateQueries(documents, layout),
    ...(layout.isSplit && {
      placement: placeWindows(documents, layout),
    }),
  };
}

/**
 * Counts the tokens that {@link collateDocuments} would lay out, how many of them would be padding, and the rows.
 *
 * @param sequences Each document's token ids, start and end ids included.
 */
export function countTokens(
  sequences: readonly (readonly number[])[],
  tokenizer: Pick<Tokenizer, "startIds" | "endIds">,
  options: CollateDocumentsOptions,
): { readonly all: number; readonly padding: number; readonly rows: number } {
  const documents = placeDocuments(sequences, [], tokenizer, options);
  const { rows, width } = chooseLayout(documents, options);
  const filled = documents.flatMap(({ windows }) => windows).reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  return { all: rows * width, padding: rows * width - filled, rows };
}

/** Frees the tensors that {@link collateDocuments} made. */
export function disposeDocuments({ windows, placement, ...tensors }: DocumentInput): void {
  tf.dispose([{ ...windows }, { ...placement }, tensors]);
}

/** Splits documents into windows, and numbers these over the batch. */
function placeDocuments(
  sequences: readonly (readonly number[])[],
  queries: readonly (readonly number[])[],
  tokenizer: Pick<Tokenizer, "startIds" | "endIds">,
  options: WindowOptions,
): PlacedDocument[] {
  let rowCount = 0;
  return sequences.map((tokenIds, index) => {
    const windows = splitIntoWindows(tokenIds, tokenizer, options).map((window) => ({ ...window, row: rowCount++ }));
    return { length: tokenIds.length, windows, queries: queries[index] ?? [] };
  });
}

function checkDocuments(sequences: readonly (readonly number[])[], queries: readonly (readonly number[])[]): void {
  if (sequences.length === 0) throw new RangeError("sequences must hold a document, got none.");
  if (queries.length !== sequences.length) {
    throw new RangeError(`queries must have an entry per document (${sequences.length}), got ${queries.length}.`);
  }
  for (const [index, { length }] of sequences.entries()) {
    if (length === 0) throw new RangeError(`sequences[${index}] must hold a token, got none.`);
    for (const token of queries[index] ?? []) {
      if (!Number.isInteger(token) || token < 0 || token >= length) {
        throw new RangeError(`queries[${index}] must lie inside the document (${length} tokens), got ${token}.`);
      }
    }
  }
}

function chooseLayout(
  documents: readonly PlacedDocument[],
  { pad = "exact", maxRowTokens, rowStep = ROW_STEP }: CollateDocumentsOptions,
): BatchLayout {
  const rows = documents.flatMap(({ windows }) => windows);
  const longestRow = Math.max(...rows.map(({ tokenIds }) => tokenIds.length));
  const longest = Math.max(...documents.map(({ length }) => length));
  const mostQueries = Math.max(1, ...documents.map(({ queries }) => queries.length));
  const isSplit = rows.length > documents.length;
  const isBucketed = pad === "buckets";
  const width = isBucketed ? Math.min(Math.ceil(longestRow / rowStep) * rowStep, maxRowTokens) : longestRow;
  const splitTokens = isBucketed ? bucketSize(Math.ceil(longest / rowStep)) * rowStep : longest;
  return {
    rows: isSplit && isBucketed ? bucketSize(rows.length) : rows.length,
    width,
    documents: documents.length,
    tokens: isSplit ? splitTokens : width,
    queries: isBucketed ? bucketSize(mostQueries) : mostQueries,
    // Two as a rule, even if one would do: so batches seldom differ in it.
    slots: isSplit ? Math.max(2, ...documents.map(mostOverlapping)) : 1,
    isSplit,
  };
}

/** The most windows that hold one token; the number grows only where a window starts. */
function mostOverlapping({ windows }: PlacedDocument): number {
  return Math.max(...windows.map(({ start }) => windowsAround(windows, start).length));
}

function collateWindows(
  documents: readonly PlacedDocument[],
  { rows, width }: BatchLayout,
  padId: number,
): DocumentInput["windows"] {
  const tokenIds = new Int32Array(rows * width).fill(padId);
  const mask = new Float32Array(rows * width);
  // A padding row sees its first token: no softmax is without a term.
  for (let row = 0; row < rows; row += 1) mask[row * width] = 1;
  for (const window of documents.flatMap(({ windows }) => windows)) {
    const first = window.row * width;
    tokenIds.set(window.tokenIds, first);
    mask.fill(1, first, first + window.tokenIds.length);
  }
  return { tokenIds: tf.tensor2d(tokenIds, [rows, width], "int32"), mask: tf.tensor2d(mask, [rows, width]) };
}

function collateTokenMask(documents: readonly PlacedDocument[], { tokens }: BatchLayout): tf.Tensor2D {
  const mask = new Float32Array(documents.length * tokens);
  for (const [index, { length }] of documents.entries()) mask.fill(1, index * tokens, index * tokens + length);
  return tf.tensor2d(mask, [documents.length, tokens]);
}

function collateQueries(
  documents: readonly PlacedDocument[],
  layout: BatchLayout,
): Pick<DocumentInput, "queryMask" | "queryTokens" | "queryRows" | "queryPositions"> {
  const shape: [number, number] = [layout.documents, layout.queries];
  const mask = new Float32Array(layout.documents * layout.queries);
  const tokens = new Int32Array(mask.length);
  const rows = new Int32Array(mask.length * layout.slots);
  const positions = new Int32Array(mask.length * layout.slots);
  for (const [document, { windows, queries }] of documents.entries()) {
    for (const [query, token] of queries.entries()) {
      const cell = document * layout.queries + query;
      mask[cell] = 1;
      tokens[cell] = document * layout.tokens + token;
      for (const [slot, { row, start, rowStart }] of windowsAround(windows, token).entries()) {
        rows[cell * layout.slots + slot] = row;
        positions[cell * layout.slots + slot] = rowStart + token - start;
      }
    }
  }
  return {
    queryMask: tf.tensor2d(mask, shape),
    queryTokens: tf.tensor2d(tokens, shape, "int32"),
    queryRows: tf.tensor3d(rows, [...shape, layout.slots], "int32"),
    queryPositions: tf.tensor3d(positions, [...shape, layout.slots], "int32"),
  };
}
