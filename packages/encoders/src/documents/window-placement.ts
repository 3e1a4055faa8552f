import * as tf from "@tensorflow/tfjs";

import type { DocumentWindow } from "./document-windows.ts";

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

/** A document, its windows with the rows they lie in. */
export interface PlacedDocument {
  readonly length: number;
  readonly windows: readonly PlacedWindow[];
  readonly queries: readonly number[];
}

/** A window and the number of its row in the batch. */
export interface PlacedWindow extends DocumentWindow {
  readonly row: number;
}

/** The sizes of a batch. */
export interface BatchLayout {
  readonly rows: number;
  readonly width: number;
  readonly documents: number;
  readonly tokens: number;
  readonly queries: number;
  /** Most windows that hold the same token. */
  readonly slots: number;
  readonly isSplit: boolean;
}

/**
 * Finds the cells from which the results of a batch with split documents are put together.
 *
 * @returns Tensors that the caller frees.
 */
export function placeWindows(documents: readonly PlacedDocument[], layout: BatchLayout): WindowPlacement {
  return { ...placeTokens(documents, layout), ...placeAttention(documents, layout) };
}

/** The windows that hold a token. */
export function windowsAround(windows: readonly PlacedWindow[], token: number): PlacedWindow[] {
  return windows.filter(({ start, end }) => start <= token && token < end);
}

function placeTokens(
  documents: readonly PlacedDocument[],
  { rows, width, tokens, slots }: BatchLayout,
): Pick<WindowPlacement, "tokenCells" | "tokenShares"> {
  const shape: [number, number] = [documents.length, tokens];
  const cells = new Int32Array(documents.length * tokens * slots).fill(rows * width);
  const shares = new Float32Array(documents.length * tokens);
  for (const [document, { length, windows }] of documents.entries()) {
    for (let token = 0; token < length; token += 1) {
      const cell = document * tokens + token;
      const around = windowsAround(windows, token);
      if (around.length > 0) shares[cell] = 1 / around.length;
      for (const [slot, { row, start, rowStart }] of around.entries()) {
        cells[cell * slots + slot] = row * width + rowStart + token - start;
      }
    }
  }
  return { tokenCells: tf.tensor3d(cells, [...shape, slots], "int32"), tokenShares: tf.tensor2d(shares, shape) };
}

function placeAttention(
  documents: readonly PlacedDocument[],
  { width, tokens, queries: queryCount, slots }: BatchLayout,
): Pick<WindowPlacement, "attentionCells" | "splitQueries"> {
  const shape: [number, number] = [documents.length, queryCount];
  const rowCount = documents.length * queryCount;
  const cells = new Int32Array(rowCount * tokens * slots).fill(rowCount * slots * width);
  const splitQueries = new Float32Array(rowCount);
  for (const [document, { windows, queries }] of documents.entries()) {
    for (const [query, queried] of queries.entries()) {
      const row = document * queryCount + query;
      const around = windowsAround(windows, queried);
      if (windows.length > 1 && around.length > 0) splitQueries[row] = 1;
      for (const [slot, { start, end, rowStart }] of around.entries()) {
        const first = (row * slots + slot) * width + rowStart;
        for (let token = start; token < end; token += 1)
          cells[(row * tokens + token) * slots + slot] = first + token - start;
      }
    }
  }
  return {
    attentionCells: tf.tensor4d(cells, [...shape, tokens, slots], "int32"),
    splitQueries: tf.tensor2d(splitQueries, shape),
  };
}
