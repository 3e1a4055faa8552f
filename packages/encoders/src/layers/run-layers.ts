import { axisSizes, gatherRows, type Mode } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import type { TransformerLayer } from "./transformer-layer.ts";

/** What layers make of a batch's tokens. */
export interface LayersOutput {
  /** `[batch, tokens, hidden]`. */
  readonly hidden: tf.Tensor3D;
  /** Attention of the last layer, before dropout `[batch, heads, tokens, tokens]`; none without layers. */
  readonly attention?: tf.Tensor4D;
}

/**
 * Sends vectors through layers, one after the other.
 *
 * @param embedded `[batch, tokens, hidden]`.
 * @param bias From `attentionBias`.
 */
export function runLayers(
  layers: readonly TransformerLayer[],
  embedded: tf.Tensor3D,
  bias: tf.Tensor4D,
  mode: Mode,
): LayersOutput {
  let output: LayersOutput = { hidden: embedded };
  for (const [index, layer] of layers.entries()) {
    output = layer.apply(output.hidden, bias, mode, { withAttention: index === layers.length - 1 });
  }
  return output;
}

/**
 * Does the same for some of the tokens: the last layer leaves the others out, whom nobody attends to any more.
 *
 * @param embedded `[batch, tokens, hidden]`.
 * @param bias From `attentionBias`.
 * @param places int32, the tokens `[batch, places]`.
 * @returns `[batch, places, hidden]`.
 */
export function runLayersAt(
  layers: readonly TransformerLayer[],
  embedded: tf.Tensor3D,
  bias: tf.Tensor4D,
  places: tf.Tensor2D,
  mode: Mode,
): tf.Tensor3D {
  let hidden = embedded;
  for (const layer of layers.slice(0, -1)) ({ hidden } = layer.apply(hidden, bias, mode, { withAttention: false }));
  const queries = takeTokens(hidden, places); // [batch, places, hidden]
  const last = layers.at(-1);
  if (last === undefined) return queries;
  const [batch, , rows, keys] = bias.shape;
  // A mask by key alone is the same for every query.
  const own = rows === 1 ? bias : takeTokens(bias.reshape([batch, rows, keys]), places).expandDims<tf.Tensor4D>(1);
  return last.apply(hidden, own, mode, { withAttention: false, queries }).hidden;
}

/** `[batch, tokens, width]` at `[batch, places]` to `[batch, places, width]`. */
function takeTokens(vectors: tf.Tensor3D, places: tf.Tensor2D): tf.Tensor3D {
  const { batch, tokens, width } = axisSizes("vectors", vectors, ["batch", "tokens", "width"]);
  const starts = tf.range(0, batch, 1, "int32").mul(tf.scalar(tokens, "int32")); // [batch]
  const rows = places.add(starts.expandDims(1)).flatten(); // [batch · places]
  return gatherRows(vectors.reshape([batch * tokens, width]), rows).reshape([batch, places.shape[1], width]);
}
