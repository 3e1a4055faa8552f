import { axisSizes, gatherRows, type Mode } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import type { DocumentInput } from "./document-input.ts";
import type { Encoder } from "../encoder.ts";
import type { WindowPlacement } from "./window-placement.ts";

/** Keeps a row without attention from dividing by zero. */
const EPSILON = 1e-10;

/** Vectors and attention of documents of any length. */
export interface DocumentEncoding {
  /** One vector a token `[documents, tokens, hidden]`; vectors of padding mean nothing. */
  readonly hidden: tf.Tensor3D;
  /** 1 = a real token `[documents, tokens]`. */
  readonly tokenMask: tf.Tensor2D;
  /** The vectors of the queries' tokens `[documents, queries, hidden]`; zero for padding queries. */
  readonly queryHidden: tf.Tensor3D;
  /**
   * The attention that the queries' tokens pay to the document's in the last layer
   * `[documents, queries, tokens, heads]`; zero for padding queries.
   */
  readonly queryAttention: tf.Tensor4D;
}

/**
 * Encodes documents of any length, with the attention of some of their tokens.
 *
 * A token held by several windows gets the mean of its vectors; attention rows are summed over windows and normalised
 * again, as ATLOP's authors do. Tokens of different windows pay no attention to each other.
 *
 * @throws {TypeError} If the encoder gives no attention.
 */
export function encodeDocuments(encoder: Encoder, input: DocumentInput, mode: Mode): DocumentEncoding {
  return tf.tidy(() => {
    const rows = encoder.encode(input.windows, mode);
    if (rows.attention === undefined) throw new TypeError("encoder must give attention, got one without.");
    const attended = takeAttention(rows.attention, input); // [documents, queries, slots, width, heads]
    if (input.placement === undefined) {
      const [documents, queries, , tokens, heads] = attended.shape as [number, number, number, number, number];
      const asked = input.queryMask.reshape([documents, queries, 1, 1]);
      const queryAttention = attended.reshape<tf.Tensor4D>([documents, queries, tokens, heads]).mul<tf.Tensor4D>(asked);
      return encodingOf(rows.hidden, queryAttention, input);
    }
    const hidden = placeHidden(rows.hidden, input.placement); // [documents, tokens, hidden]
    return encodingOf(hidden, placeAttention(attended, input.placement), input);
  });
}

/** The attention rows of the queries `[documents, queries, slots, width, heads]`, from every row that holds them. */
function takeAttention(attention: tf.Tensor4D, { queryRows, queryPositions }: DocumentInput): tf.Tensor5D {
  const [documents, queries, slots] = queryRows.shape;
  const [rows, heads, width] = attention.shape;
  const table = attention.reshape([rows * heads * width, width]);
  const first = queryRows.mul(tf.scalar(heads * width, "int32")).add(queryPositions); // [documents, queries, slots]
  const byHead = tf.tensor2d(
    Int32Array.from({ length: heads }, (_, head) => head * width),
    [1, heads],
    "int32",
  );
  const numbers = first.reshape([-1, 1]).add(byHead).flatten(); // [documents · queries · slots · heads]
  return gatherRows(table, numbers)
    .reshape([documents * queries * slots, heads, width])
    .transpose([0, 2, 1])
    .reshape<tf.Tensor5D>([documents, queries, slots, width, heads]);
}

/** The mean over windows of each token's vectors `[documents, tokens, hidden]`. */
function placeHidden(hidden: tf.Tensor3D, { tokenCells, tokenShares }: WindowPlacement): tf.Tensor3D {
  const { width } = axisSizes("hidden", hidden, ["rows", "tokens", "width"]);
  const summed = sumCells(hidden.reshape([-1, width]), tokenCells); // [documents · tokens, hidden]
  return summed.reshape<tf.Tensor3D>([...tokenShares.shape, width]).mul(tokenShares.expandDims(2));
}

/** Attention rows over the document's tokens `[documents, queries, tokens, heads]`; rows of split documents sum to 1. */
function placeAttention(attended: tf.Tensor5D, { attentionCells, splitQueries }: WindowPlacement): tf.Tensor4D {
  const [documents, queries, tokens] = attentionCells.shape;
  const heads = attended.shape[4];
  const summed = sumCells(attended.reshape([-1, heads]), attentionCells); // [documents · queries · tokens, heads]
  const placed = summed.reshape<tf.Tensor4D>([documents, queries, tokens, heads]);
  const isSplit = splitQueries.reshape([documents, queries, 1, 1]);
  const total = placed.sum(2, true).mul(isSplit).add(tf.sub(1, isSplit)); // [documents, queries, 1, heads]
  return placed.div(total.add(EPSILON));
}

/** For each list of cells along the last axis, the sum of the table's rows `[cells, width]`; one past the last is zero. */
function sumCells(table: tf.Tensor, cells: tf.Tensor): tf.Tensor {
  const width = table.shape[1] as number;
  const slots = cells.shape.at(-1) as number;
  const withZero = tf.concat([table, tf.zeros([1, width])], 0);
  return gatherRows(withZero, cells.flatten()).reshape([-1, slots, width]).sum(1);
}

function encodingOf(hidden: tf.Tensor3D, queryAttention: tf.Tensor4D, input: DocumentInput) {
  const { width } = axisSizes("hidden", hidden, ["documents", "tokens", "width"]);
  const [documents, queries] = input.queryMask.shape;
  const taken = gatherRows(hidden.reshape([-1, width]), input.queryTokens.flatten()); // [documents · queries, hidden]
  const queryHidden = taken
    .reshape<tf.Tensor3D>([documents, queries, width])
    .mul<tf.Tensor3D>(input.queryMask.expandDims(2));
  return { hidden, tokenMask: input.tokenMask.clone(), queryHidden, queryAttention };
}
