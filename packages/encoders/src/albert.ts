import { Linear, type Mode, Module, type Random } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import type { Encoder, EncoderInput, EncoderOutput } from "./encoder.ts";
import type { Activation } from "./layers/activation.ts";
import { poolFirst } from "./layers/pool-first.ts";
import { runLayers, runLayersAt } from "./layers/run-layers.ts";
import { attentionBias } from "./layers/self-attention.ts";
import { INITIAL_DEVIATION, TokenEmbeddings } from "./layers/token-embeddings.ts";
import { TransformerLayer } from "./layers/transformer-layer.ts";

/** The sizes and switches of an ALBERT encoder. */
export interface AlbertConfig {
  readonly family: "albert";
  readonly vocabularySize: number;
  /** Width of the embeddings, which are widened to `hiddenSize`. */
  readonly embeddingSize: number;
  readonly hiddenSize: number;
  /** How many times a group of layers is applied. */
  readonly layers: number;
  /** Groups that the `layers` are divided among; those of one group share their weights. */
  readonly groups: number;
  /** Layers with weights of their own within a group. */
  readonly layersPerGroup: number;
  /** Attention heads of a layer; must divide `hiddenSize`. */
  readonly heads: number;
  readonly intermediateSize: number;
  readonly maxPositions: number;
  readonly typeVocabularySize: number;
  /** Share of values dropped after the embeddings and the attention map, 0–1. */
  readonly dropout: number;
  /** Share of attention weights dropped, 0–1. */
  readonly attentionDropout: number;
  readonly layerNormEpsilon: number;
  readonly activation: Activation;
  readonly padId: number;
}

/** ALBERT: few transformer layers, applied again and again, over narrow embeddings. */
export class AlbertEncoder extends Module implements Encoder {
  readonly embeddings: TokenEmbeddings;
  /** Widens the embeddings. */
  readonly widening: Linear;
  readonly groups: readonly (readonly TransformerLayer[])[];
  readonly pooler: Linear;
  /** What it was made from. */
  readonly config: AlbertConfig;

  /**
   * Starts as Hugging Face does: weights normal with deviation 0.02, biases zero.
   *
   * @throws {RangeError} If `heads` does not divide `hiddenSize`.
   */
  constructor(config: AlbertConfig, random: Random) {
    super();
    const { hiddenSize, embeddingSize, heads } = config;
    if (hiddenSize % heads !== 0) throw new RangeError(`heads must divide hiddenSize (${hiddenSize}), got ${heads}.`);
    this.embeddings = new TokenEmbeddings({ ...config, countsPastPadding: false }, embeddingSize, random);
    this.widening = new Linear(embeddingSize, hiddenSize, random, INITIAL_DEVIATION);
    const layerSettings = { ...config, outputDropout: 0 };
    this.groups = Array.from({ length: config.groups }, () =>
      Array.from({ length: config.layersPerGroup }, () => new TransformerLayer(layerSettings, random)),
    );
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
      const embedded = this.widening.apply(this.embeddings.apply(input, mode)); // [batch, tokens, hidden]
      const { hidden, attention } = runLayers(this.#layersInOrder(), embedded, attentionBias(input.mask), mode);
      return { hidden, pooled: poolFirst(hidden, this.pooler), ...(attention && { attention }) };
    });
  }

  /** @throws {RangeError} If rows are longer than `maxTokens` and their positions are not given. */
  encodeAt(input: EncoderInput, places: tf.Tensor2D, mode: Mode): tf.Tensor3D {
    return tf.tidy(() => {
      const embedded = this.widening.apply(this.embeddings.apply(input, mode)); // [batch, tokens, hidden]
      return runLayersAt(this.#layersInOrder(), embedded, attentionBias(input.mask), places, mode);
    });
  }

  /** Each layer as often as it is applied. */
  #layersInOrder(): TransformerLayer[] {
    const { layers, groups } = this.config;
    return Array.from(
      { length: layers },
      (_, index) => this.groups[Math.floor((index * groups) / layers)] ?? [],
    ).flat();
  }
}
