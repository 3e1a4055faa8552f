import { Linear, type Mode, Module, type Random } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import type { Encoder, EncoderInput, EncoderOutput } from "./encoder.ts";
import type { Activation } from "./layers/activation.ts";
import { poolFirst } from "./layers/pool-first.ts";
import { runLayers, runLayersAt } from "./layers/run-layers.ts";
import { attentionBias } from "./layers/self-attention.ts";
import { INITIAL_DEVIATION, TokenEmbeddings } from "./layers/token-embeddings.ts";
import { TransformerLayer } from "./layers/transformer-layer.ts";

/** The sizes and switches of a BERT or RoBERTa encoder. */
export interface BertConfig {
  /** Which of the two it is: they differ in how positions are counted. */
  readonly family: "bert" | "roberta";
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  /** Attention heads of a layer; must divide `hiddenSize`. */
  readonly heads: number;
  readonly intermediateSize: number;
  /** Rows of the position table; RoBERTa cannot use the first `padId + 1` of them. */
  readonly maxPositions: number;
  readonly typeVocabularySize: number;
  /** Share of values dropped after the embeddings, the attention map and the feed-forward map, 0–1. */
  readonly dropout: number;
  /** Share of attention weights dropped, 0–1. */
  readonly attentionDropout: number;
  readonly layerNormEpsilon: number;
  readonly activation: Activation;
  readonly padId: number;
}

/** BERT, with SciBERT and their kin, or RoBERTa: transformer layers over the sum of three embeddings. */
export class BertEncoder extends Module implements Encoder {
  readonly embeddings: TokenEmbeddings;
  readonly layers: readonly TransformerLayer[];
  readonly pooler: Linear;
  /** What it was made from. */
  readonly config: BertConfig;

  /**
   * Starts as Hugging Face does: weights normal with deviation 0.02, biases zero.
   *
   * @throws {RangeError} If `heads` does not divide `hiddenSize`.
   */
  constructor(config: BertConfig, random: Random) {
    super();
    const { hiddenSize, heads } = config;
    if (hiddenSize % heads !== 0) throw new RangeError(`heads must divide hiddenSize (${hiddenSize}), got ${heads}.`);
    const embeddingSettings = { ...config, countsPastPadding: config.family === "roberta" };
    this.embeddings = new TokenEmbeddings(embeddingSettings, hiddenSize, random);
    const layerSettings = { ...config, outputDropout: config.dropout };
    this.layers = Array.from({ length: config.layers }, () => new TransformerLayer(layerSettings, random));
    this.pooler = new Linear(hiddenSize, hiddenSize, random, INITIAL_DEVIATION);
    this.config = config;
  }

  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  get heads(): number {
    return this.config.heads;
  }

  get maxTokens(): number {
    return this.embeddings.maxTokens;
  }

  /** @throws {RangeError} If rows are longer than `maxTokens` and their positions are not given. */
  encode(input: EncoderInput, mode: Mode): EncoderOutput {
    return tf.tidy(() => {
      const embedded = this.embeddings.apply(input, mode); // [batch, tokens, hidden]
      const { hidden, attention } = runLayers(this.layers, embedded, attentionBias(input.mask), mode);
      return { hidden, pooled: poolFirst(hidden, this.pooler), ...(attention && { attention }) };
    });
  }

  /** @throws {RangeError} If rows are longer than `maxTokens` and their positions are not given. */
  encodeAt(input: EncoderInput, places: tf.Tensor2D, mode: Mode): tf.Tensor3D {
    return tf.tidy(() => {
      const embedded = this.embeddings.apply(input, mode); // [batch, tokens, hidden]
      return runLayersAt(this.layers, embedded, attentionBias(input.mask), places, mode);
    });
  }
}
