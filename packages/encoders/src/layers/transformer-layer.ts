import { dropout, LayerNorm, Linear, type Mode, Module, type Random } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import { activate, type Activation } from "./activation.ts";
import { SelfAttention } from "./self-attention.ts";
import { INITIAL_DEVIATION } from "./token-embeddings.ts";

/** The sizes and switches of a {@link TransformerLayer}. */
export interface TransformerLayerSettings {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly intermediateSize: number;
  /** Share of values dropped after the attention map, 0–1. */
  readonly dropout: number;
  /** Share of values dropped after the feed-forward map, 0–1; ALBERT drops none. */
  readonly outputDropout: number;
  /** Share of attention weights dropped, 0–1. */
  readonly attentionDropout: number;
  readonly layerNormEpsilon: number;
  readonly activation: Activation;
}

/** One transformer layer: attention, then a feed-forward map, each added to its input and normalised. */
export class TransformerLayer extends Module {
  readonly attention: SelfAttention;
  readonly attentionOutput: Linear;
  readonly attentionNorm: LayerNorm;
  readonly intermediate: Linear;
  readonly output: Linear;
  readonly outputNorm: LayerNorm;
  readonly #settings: TransformerLayerSettings;

  constructor(settings: TransformerLayerSettings, random: Random) {
    super();
    const { hiddenSize, intermediateSize, layerNormEpsilon } = settings;
    this.attention = new SelfAttention(settings, random);
    this.attentionOutput = new Linear(hiddenSize, hiddenSize, random, INITIAL_DEVIATION);
    this.attentionNorm = new LayerNorm(hiddenSize, layerNormEpsilon);
    this.intermediate = new Linear(hiddenSize, intermediateSize, random, INITIAL_DEVIATION);
    this.output = new Linear(intermediateSize, hiddenSize, random, INITIAL_DEVIATION);
    this.outputNorm = new LayerNorm(hiddenSize, layerNormEpsilon);
    this.#settings = settings;
  }

  /**
   * Maps tokens.
   *
   * @param input `[batch, tokens, hidden]`.
   * @param bias From `attentionBias`, of the queries.
   * @param queries Those of `input` to map `[batch, queries, hidden]`; all without it.
   * @returns `[batch, queries, hidden]`, and if asked for the attention `[batch, heads, queries, tokens]`.
   */
  apply(
    input: tf.Tensor3D,
    bias: tf.Tensor4D,
    mode: Mode,
    { withAttention, queries = input }: { readonly withAttention: boolean; readonly queries?: tf.Tensor3D },
  ): { hidden: tf.Tensor3D; attention?: tf.Tensor4D } {
    const { dropout: rate, outputDropout, activation } = this.#settings;
    return tf.tidy(() => {
      const { context, weights } = this.attention.apply(input, bias, mode, { withWeights: withAttention, queries });
      const attended = dropout(this.attentionOutput.apply(context), rate, mode); // [batch, queries, hidden]
      const middle = this.attentionNorm.apply(attended.add<tf.Tensor3D>(queries)); // [batch, queries, hidden]

      const inner = activate(this.intermediate.apply(middle), activation); // [batch, queries, intermediate]
      const mapped = dropout(this.output.apply(inner), outputDropout, mode); // [batch, queries, hidden]
      const hidden = this.outputNorm.apply(mapped.add<tf.Tensor3D>(middle)); // [batch, queries, hidden]
      return { hidden, ...(weights && { attention: weights }) };
    });
  }
}
