import { dropout, Embedding, LayerNorm, type Mode, Module, type Random } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import type { EncoderInput } from "../encoder.ts";

/** Standard deviation of the initial weights of BERT and its kin. */
export const INITIAL_DEVIATION = 0.02;

/** What {@link TokenEmbeddings} are made from. */
export interface TokenEmbeddingSettings {
  readonly vocabularySize: number;
  readonly maxPositions: number;
  readonly typeVocabularySize: number;
  /** Share of values dropped when training. */
  readonly dropout: number;
  readonly layerNormEpsilon: number;
  readonly padId: number;
  /** Whether positions are counted from `padId + 1` over the tokens that are not padding, as RoBERTa does. */
  readonly countsPastPadding: boolean;
}

/** The sum of word, position and segment vectors, normalised. */
export class TokenEmbeddings extends Module {
  readonly words: Embedding;
  readonly positions: Embedding;
  readonly types: Embedding;
  readonly norm: LayerNorm;
  readonly #settings: TokenEmbeddingSettings;

  constructor(settings: TokenEmbeddingSettings, width: number, random: Random) {
    super();
    this.words = new Embedding(settings.vocabularySize, width, random);
    this.positions = new Embedding(settings.maxPositions, width, random);
    this.types = new Embedding(settings.typeVocabularySize, width, random);
    this.norm = new LayerNorm(width, settings.layerNormEpsilon);
    this.#settings = settings;
  }

  /**
   * Looks up the vectors a transformer starts from.
   *
   * @returns `[batch, tokens, width]`.
   * @throws {RangeError} If rows are longer than there are positions.
   */
  apply(input: EncoderInput, mode: Mode): tf.Tensor3D {
    return tf.tidy(() => {
      const words = this.words.apply(input.tokenIds); // [batch, tokens, width]
      const summed = words.add<tf.Tensor3D>(this.#placeVectors(input)).add<tf.Tensor3D>(this.#typeVectors(input));
      return dropout(this.norm.apply(summed), this.#settings.dropout, mode);
    });
  }

  /** The longest row whose tokens all have a position. */
  get maxTokens(): number {
    const { maxPositions, padId, countsPastPadding } = this.#settings;
    return countsPastPadding ? maxPositions - padId - 1 : maxPositions;
  }

  /** Position vectors `[batch, tokens, width]`, or `[1, tokens, width]` where every row counts alike. */
  #placeVectors({ tokenIds, positionIds }: EncoderInput): tf.Tensor {
    if (positionIds !== undefined) return this.positions.apply(positionIds);
    if (tokenIds.shape[1] > this.maxTokens) {
      throw new RangeError(`input must have at most ${this.maxTokens} tokens a row, got ${tokenIds.shape[1]}.`);
    }
    if (this.#settings.countsPastPadding) return this.positions.apply(countTokens(tokenIds, this.#settings.padId));
    const table: tf.Tensor = this.positions.weight;
    return table.slice([0, 0], [tokenIds.shape[1], -1]).expandDims(0);
  }

  /** Segment vectors `[batch, tokens, width]`, or `[1, 1, width]` where all is segment 0. */
  #typeVectors({ tokenTypeIds }: EncoderInput): tf.Tensor {
    if (tokenTypeIds !== undefined) return this.types.apply(tokenTypeIds);
    const table: tf.Tensor = this.types.weight;
    return table.slice([0, 0], [1, -1]).expandDims(0);
  }
}

/** RoBERTa's positions: `padId + 1, padId + 2, …` over the tokens that are not `padId`, which get `padId` themselves. */
function countTokens(tokenIds: tf.Tensor2D, padId: number): tf.Tensor2D {
  const isToken = tokenIds.notEqual(tf.scalar(padId, "int32")).cast<tf.Tensor2D>("int32"); // [batch, tokens]
  return tf.cumsum(isToken, 1).mul(isToken).add(tf.scalar(padId, "int32"));
}
