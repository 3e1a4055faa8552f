import { dropout, LayerNorm, Linear, type Mode, Module, type Random } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import { activate, type Activation } from "./layers/activation.ts";
import type { Encoder, EncoderInput, EncoderOutput } from "./encoder.ts";
import { attentionBias, SelfAttention } from "./layers/self-attention.ts";
import { INITIAL_DEVIATION, TokenEmbeddings } from "./layers/token-embeddings.ts";

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
  readonly layers: readonly BertLayer[];
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
    this.layers = Array.from({ length: config.layers }, () => new BertLayer(config, random));
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
      const bias = attentionBias(input.mask); // [batch, 1, 1 or tokens, tokens]
      let hidden = this.embeddings.apply(input, mode); // [batch, tokens, hidden]
      let attention: tf.Tensor4D | undefined; // [batch, heads, tokens, tokens]
      for (const layer of this.layers) ({ hidden, attention } = layer.apply(hidden, bias, mode));
      return { hidden, pooled: this.#pool(hidden), ...(attention && { attention }) };
    });
  }

  /** A map of each row's first vector `[batch, hidden]`. */
  #pool(hidden: tf.Tensor3D): tf.Tensor2D {
    const [batch, , width] = hidden.shape;
    const first = hidden.slice([0, 0, 0], [batch, 1, width]).reshape<tf.Tensor2D>([batch, width]); // [batch, hidden]
    return this.pooler.apply(first).tanh();
  }
}

/** One transformer layer: attention, then a feed-forward map, each added to its input and normalised. */
class BertLayer extends Module {
  readonly attention: SelfAttention;
  readonly attentionOutput: Linear;
  readonly attentionNorm: LayerNorm;
  readonly intermediate: Linear;
  readonly output: Linear;
  readonly outputNorm: LayerNorm;
  readonly #config: BertConfig;

  constructor(config: BertConfig, random: Random) {
    super();
    const { hiddenSize, intermediateSize, layerNormEpsilon } = config;
    this.attention = new SelfAttention(config, random);
    this.attentionOutput = new Linear(hiddenSize, hiddenSize, random, INITIAL_DEVIATION);
    this.attentionNorm = new LayerNorm(hiddenSize, layerNormEpsilon);
    this.intermediate = new Linear(hiddenSize, intermediateSize, random, INITIAL_DEVIATION);
    this.output = new Linear(intermediateSize, hiddenSize, random, INITIAL_DEVIATION);
    this.outputNorm = new LayerNorm(hiddenSize, layerNormEpsilon);
    this.#config = config;
  }

  /** `[batch, tokens, hidden]` to the same, and the attention `[batch, heads, tokens, tokens]`. */
  apply(input: tf.Tensor3D, bias: tf.Tensor4D, mode: Mode): { hidden: tf.Tensor3D; attention: tf.Tensor4D } {
    const rate = this.#config.dropout;
    return tf.tidy(() => {
      const { context, weights } = this.attention.apply(input, bias, mode); // [batch, tokens, hidden]
      const attended = dropout(this.attentionOutput.apply(context), rate, mode); // [batch, tokens, hidden]
      const middle = this.attentionNorm.apply(attended.add<tf.Tensor3D>(input)); // [batch, tokens, hidden]

      const inner = activate(this.intermediate.apply(middle), this.#config.activation); // [batch, tokens, intermediate]
      const mapped = dropout(this.output.apply(inner), rate, mode); // [batch, tokens, hidden]
      return { hidden: this.outputNorm.apply(mapped.add<tf.Tensor3D>(middle)), attention: weights };
    });
  }
}
