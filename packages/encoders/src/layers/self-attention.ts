import { attention, attentionWeights, axisSizes, Linear, type Mode, Module, type Random } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import { INITIAL_DEVIATION } from "./token-embeddings.ts";

/** Added to the scores of hidden tokens: the most negative finite float32. */
const HIDDEN = -3.4028234663852886e38;

/** What a {@link SelfAttention} is made from. */
export interface SelfAttentionSettings {
  readonly hiddenSize: number;
  /** Must divide `hiddenSize`. */
  readonly heads: number;
  /** Share of attention weights dropped when training. */
  readonly attentionDropout: number;
}

/** The attention of a row's tokens to each other, without the map that follows it. */
export class SelfAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly #settings: SelfAttentionSettings;

  constructor(settings: SelfAttentionSettings, random: Random) {
    super();
    const { hiddenSize } = settings;
    this.query = new Linear(hiddenSize, hiddenSize, random, INITIAL_DEVIATION);
    this.key = new Linear(hiddenSize, hiddenSize, random, INITIAL_DEVIATION);
    this.value = new Linear(hiddenSize, hiddenSize, random, INITIAL_DEVIATION);
    this.#settings = settings;
  }

  /**
   * Attends.
   *
   * @param hidden Attended to `[batch, tokens, hidden]`.
   * @param bias From {@link attentionBias}.
   * @param queries Attending `[batch, queries, hidden]`; `hidden` itself without it.
   * @returns Weighted values `[batch, queries, hidden]` and, if asked for, the weights before dropout
   *   `[batch, heads, queries, tokens]`.
   */
  apply(
    hidden: tf.Tensor3D,
    bias: tf.Tensor4D,
    mode: Mode,
    { withWeights, queries = hidden }: { readonly withWeights: boolean; readonly queries?: tf.Tensor3D },
  ): { context: tf.Tensor3D; weights?: tf.Tensor4D } {
    const { heads, attentionDropout } = this.#settings;
    return tf.tidy(() => {
      const query = splitHeads(this.query.apply(queries), heads); // [batch, heads, queries, width]
      const key = splitHeads(this.key.apply(hidden), heads); // [batch, heads, tokens, width]
      const value = splitHeads(this.value.apply(hidden), heads); // [batch, heads, tokens, width]
      const context = joinHeads(attention(query, key, value, bias, attentionDropout, mode)); // [batch, queries, hidden]
      return withWeights ? { context, weights: attentionWeights(query, key, bias) } : { context };
    });
  }
}

/**
 * What a mask adds to attention scores: 0 where a key is visible, the most negative float where it is hidden.
 *
 * @param mask 1 = visible, `[batch, tokens]`, or by query and key `[batch, tokens, tokens]`.
 * @returns `[batch, 1, 1, tokens]` or `[batch, 1, tokens, tokens]`.
 */
export function attentionBias(mask: tf.Tensor2D | tf.Tensor3D): tf.Tensor4D {
  const [batch, tokens] = mask.shape;
  return tf.tidy(() => {
    const bias = tf.sub(1, mask.cast("float32")).mul(HIDDEN);
    return bias.reshape(mask.rank === 2 ? [batch, 1, 1, tokens] : [batch, 1, tokens, tokens]);
  });
}

function splitHeads(vectors: tf.Tensor3D, heads: number): tf.Tensor4D {
  const { batch, tokens, hidden } = axisSizes("vectors", vectors, ["batch", "tokens", "hidden"]);
  return vectors.reshape([batch, tokens, heads, hidden / heads]).transpose<tf.Tensor4D>([0, 2, 1, 3]);
}

function joinHeads(vectors: tf.Tensor4D): tf.Tensor3D {
  const { batch, heads, tokens, width } = axisSizes("vectors", vectors, ["batch", "heads", "tokens", "width"]);
  return vectors.transpose([0, 2, 1, 3]).reshape([batch, tokens, heads * width]);
}
