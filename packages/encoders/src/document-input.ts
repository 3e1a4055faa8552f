import { bucketSize } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import { type DocumentWindow, splitIntoWindows, type WindowOptions } from "./document-windows.ts";
import type { EncoderInput } from "./encoder.ts";
import type { Tokenizer } from "./tokenizer.ts";

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

/** Where the results of split documents come from; the number after the last cell stands for zeros. */
export interface WindowPlacement {
  /** int32 `[documents, tokens, slots]`: each token's cells in rows × width. */
  readonly tokenCells: tf.Tensor3D;
  /** One over the number of windows that hold a token, 0 where none does `[documents, tokens]`. */
  readonly tokenShares: tf.Tensor2D;
  /** int32 `[documents, queries, tokens, slots]`: cells in documents × queries × slots × width. */
  readonly attentionCells: tf.Tensor4D;
  /** 1 = a query in a split document, whose attention is normalised again `[documents, queries]`. */
  readonly splitQueries: tf.Tensor2D;
}

/** What {@link collateDocuments} may be told. */
export interface CollateDocumentsOptions extends WindowOptions {
  /** `exact` pads to the longest; `buckets` to one of a few sizes, so that batches of like size share one graph. */
  readonly pad?: "exact" | "buckets";
  /** Fills rows up; the tokenizer's without it. */
  readonly padId?: number;
}

/** Rows of tokens come in multiples of this many. */
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
  const documents = sequences.map((tokenIds) => splitIntoWindows(tokenIds, tokenizer, options));
  const layout = chooseLayout(documents, queries, options);
  return {
    windows: collateWindows(documents.flat(), layout, options.padId ?? tokenizer.padId),
    tokenMask: fillTensor<tf.Tensor2D>([layout.documents, layout.tokens], "float32", (values) => {
      for (const [index, { length }] of sequences.entries())
        values.fill(1, index * layout.tokens, index * layout.tokens + length);
    }),
    ...collateQueries(documents, queries, layout),
    ...(layout.isSplit && { placement: collatePlacement(documents, queries, layout) }),
  };
}

/** Frees the tensors that {@link collateDocuments} made. */
export function disposeDocuments({ windows, placement, ...tensors }: DocumentInput): void {
  tf.dispose([{ ...windows }, { ...placement }, tensors]);
}

/** The sizes of a batch. */
interface Layout {
  readonly rows: number;
  readonly width: number;
  readonly documents: number;
  readonly tokens: number;
  readonly queries: number;
  /** Most windows that hold the same token. */
  readonly slots: number;
  readonly isSplit: boolean;
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
  documents: readonly (readonly DocumentWindow[])[],
  queries: readonly (readonly number[])[],
  { pad = "exact", maxRowTokens }: CollateDocumentsOptions,
): Layout {
  const rows = documents.flat();
  const longestRow = Math.max(...rows.map(({ tokenIds }) => tokenIds.length));
  const longest = Math.max(...documents.map((windows) => windows.at(-1)?.end ?? 0));
  const mostQueries = Math.max(1, ...queries.map(({ length }) => length));
  const isSplit = rows.length > documents.length;
  const isBucketed = pad === "buckets";
  const width = isBucketed ? Math.min(Math.ceil(longestRow / ROW_STEP) * ROW_STEP, maxRowTokens) : longestRow;
  const splitTokens = isBucketed ? bucketSize(Math.ceil(longest / ROW_STEP)) * ROW_STEP : longest;
  return {
    rows: isSplit && isBucketed ? bucketSize(rows.length) : rows.length,
    width,
    documents: documents.length,
    tokens: isSplit ? splitTokens : width,
    queries: isBucketed ? bucketSize(mostQueries) : mostQueries,
    // Two as a rule: never one, so that few split batches differ in it.
    slots: isSplit ? Math.max(2, ...documents.map(mostOverlapping)) : 1,
    isSplit,
  };
}

/** The most windows that hold one token; the number grows only where a window starts. */
function mostOverlapping(windows: readonly DocumentWindow[]): number {
  return Math.max(...windows.map(({ start }) => windowsAround(windows, start).length));
}

/** Index of each window that holds a token. */
function windowsAround(windows: readonly DocumentWindow[], token: number): number[] {
  return [...windows.keys()].filter((index) => {
    const { start, end } = windows[index] as DocumentWindow;
    return start <= token && token < end;
  });
}

function collateWindows(windows: readonly DocumentWindow[], { rows, width }: Layout, padId: number): EncoderInput {
  const tokenIds = fillTensor<tf.Tensor2D>([rows, width], "int32", (values) => {
    values.fill(padId);
    for (const [row, window] of windows.entries()) values.set(window.tokenIds, row * width);
  });
  const mask = fillTensor<tf.Tensor2D>([rows, width], "float32", (values) => {
    for (const [row, window] of windows.entries()) values.fill(1, row * width, row * width + window.tokenIds.length);
    // A padding row sees its first token: no softmax is without a term.
    for (let row = windows.length; row < rows; row += 1) values[row * width] = 1;
  });
  return { tokenIds, mask };
}

function collateQueries(
  documents: readonly (readonly DocumentWindow[])[],
  queries: readonly (readonly number[])[],
  layout: Layout,
): Pick<DocumentInput, "queryMask" | "queryTokens" | "queryRows" | "queryPositions"> {
  const size = layout.documents * layout.queries;
  const mask = new Float32Array(size);
  const tokens = new Int32Array(size);
  const rows = new Int32Array(size * layout.slots);
  const positions = new Int32Array(size * layout.slots);
  let firstRow = 0;
  for (const [document, windows] of documents.entries()) {
    for (const [query, token] of (queries[document] ?? []).entries()) {
      const cell = document * layout.queries + query;
      mask[cell] = 1;
      tokens[cell] = document * layout.tokens + token;
      for (const [slot, index] of windowsAround(windows, token).entries()) {
        const { start, rowStart } = windows[index] as DocumentWindow;
        rows[cell * layout.slots + slot] = firstRow + index;
        positions[cell * layout.slots + slot] = rowStart + token - start;
      }
    }
    firstRow += windows.length;
  }
  const shape: [number, number] = [layout.documents, layout.queries];
  return {
    queryMask: tf.tensor2d(mask, shape),
    queryTokens: tf.tensor2d(tokens, shape, "int32"),
    queryRows: tf.tensor3d(rows, [...shape, layout.slots], "int32"),
    queryPositions: tf.tensor3d(positions, [...shape, layout.slots], "int32"),
  };
}

function collatePlacement(
  documents: readonly (readonly DocumentWindow[])[],
  queries: readonly (readonly number[])[],
  layout: Layout,
): WindowPlacement {
  const { rows, width, tokens, slots } = layout;
  const tokenCells = new Int32Array(layout.documents * tokens * slots).fill(rows * width);
  const tokenShares = new Float32Array(layout.documents * tokens);
  const cellCount = layout.documents * layout.queries * slots * width;
  const attentionCells = new Int32Array(layout.documents * layout.queries * tokens * slots).fill(cellCount);
  const splitQueries = new Float32Array(layout.documents * layout.queries);
  let firstRow = 0;
  for (const [document, windows] of documents.entries()) {
    for (let token = 0; token < (windows.at(-1)?.end ?? 0); token += 1) {
      const around = windowsAround(windows, token);
      const cell = document * tokens + token;
      tokenShares[cell] = around.length === 0 ? 0 : 1 / around.length;
      for (const [slot, index] of around.entries()) {
        const { start, rowStart } = windows[index] as DocumentWindow;
        tokenCells[cell * slots + slot] = (firstRow + index) * width + rowStart + token - start;
      }
    }
    for (const [query, queried] of (queries[document] ?? []).entries()) {
      const cell = document * layout.queries + query;
      const around = windowsAround(windows, queried);
      if (windows.length > 1 && around.length > 0) splitQueries[cell] = 1;
      for (const [slot, index] of around.entries()) {
        const { start, end, rowStart } = windows[index] as DocumentWindow;
        const firstCell = (cell * slots + slot) * width + rowStart;
        for (let token = start; token < end; token += 1) {
          attentionCells[(cell * tokens + token) * slots + slot] = firstCell + token - start;
        }
      }
    }
    firstRow += windows.length;
  }
  return {
    tokenCells: tf.tensor3d(tokenCells, [layout.documents, tokens, slots], "int32"),
    tokenShares: tf.tensor2d(tokenShares, [layout.documents, tokens]),
    attentionCells: tf.tensor4d(attentionCells, [layout.documents, layout.queries, tokens, slots], "int32"),
    splitQueries: tf.tensor2d(splitQueries, [layout.documents, layout.queries]),
  };
}

/** A tensor whose values, zero at first, `fill` sets. */
function fillTensor<T extends tf.Tensor>(
  shape: number[],
  dtype: "int32" | "float32",
  fill: (values: Int32Array | Float32Array) => void,
): T {
  const size = tf.util.sizeFromShape(shape);
  const values = dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
  fill(values);
  return tf.tensor(values, shape, dtype) as T;
}
