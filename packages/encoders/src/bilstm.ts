import {
  bidirectionalLstm,
  dropout,
  type LstmDirections,
  type LstmWeights,
  type Mode,
  Module,
  type Random,
  uniformParameter,
} from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import type { EncoderOutput } from "./encoder.ts";

/** The sizes and rates of a {@link BiLstmEncoder}. */
export interface BiLstmConfig {
  /** Width of a token's vector before the encoder. */
  readonly inputSize: number;
  /** Width of one direction; a token's vector after the encoder is twice as wide. */
  readonly stateSize: number;
  readonly layers: number;
  /** Share of the input's values dropped, 0–1. */
  readonly inputDropout: number;
  /** Share of the last layer's values dropped, 0–1. */
  readonly outputDropout: number;
}

/** Vectors of a batch, padded to one width. */
export interface BiLstmInput {
  /** `[batch, tokens, inputSize]`. */
  readonly vectors: tf.Tensor3D;
  /** 1 = token, 0 = padding, which must lie behind the tokens `[batch, tokens]`. */
  readonly mask: tf.Tensor2D;
}

/** A bidirectional LSTM over vectors that its caller looks up, as in front of the graph of GAIN-GloVe. */
export class BiLstmEncoder extends Module {
  /** Weights and biases under PyTorch's names: `lstm.weight_ih_l0`, `lstm.bias_hh_l1_reverse`. */
  readonly lstm: LstmLayers;
  /** What it was made from. */
  readonly config: BiLstmConfig;

  /**
   * Starts as PyTorch does: all weights and biases uniform in ±1/√stateSize.
   *
   * @throws {RangeError} If a size or the number of layers is not a positive integer.
   */
  constructor(config: BiLstmConfig, random: Random) {
    super();
    for (const name of ["inputSize", "stateSize", "layers"] as const) {
      if (Number.isInteger(config[name]) && config[name] > 0) continue;
      throw new RangeError(`${name} must be a positive integer, got ${config[name]}.`);
    }
    this.lstm = new LstmLayers(config, random);
    this.config = config;
  }

  /** Width of a token's vector. */
  get hiddenSize(): number {
    return 2 * this.config.stateSize;
  }

  /**
   * Reads the vectors in both directions.
   *
   * @returns `hidden`, 0 at padding, and as `pooled` the last layer's final states: the forward one at the last token,
   *   the backward one at the first.
   * @throws {ShapeError} If shapes do not fit.
   */
  encode({ vectors, mask }: BiLstmInput, mode: Mode): EncoderOutput {
    const { inputDropout, outputDropout } = this.config;
    return tf.tidy(() => {
      let hidden = dropout(vectors, inputDropout, mode);
      let last: tf.Tensor2D | undefined;
      for (const layer of this.lstm.directions()) ({ hidden, last } = bidirectionalLstm(hidden, mask, layer));
      return {
        hidden: dropout(hidden, outputDropout, mode), // [batch, tokens, hidden]
        pooled: dropout(last as tf.Tensor2D, outputDropout, mode), // [batch, hidden]
      };
    });
  }
}

/** The parameters of all layers. */
class LstmLayers extends Module {
  readonly #directions: LstmDirections[] = [];

  constructor({ inputSize, stateSize, layers }: BiLstmConfig, random: Random) {
    super();
    const bound = 1 / Math.sqrt(stateSize);
    const draw = (...shape: number[]): tf.Variable => uniformParameter(shape, random, bound);
    for (let layer = 0; layer < layers; layer += 1) {
      const width = layer === 0 ? inputSize : 2 * stateSize;
      const create = (suffix: string): LstmWeights => {
        const inputWeight = draw(4 * stateSize, width);
        const stateWeight = draw(4 * stateSize, stateSize);
        const [inputBias, stateBias] = [draw(4 * stateSize), draw(4 * stateSize)];
        Object.assign(this, {
          [`weight_ih_${suffix}`]: inputWeight,
          [`weight_hh_${suffix}`]: stateWeight,
          [`bias_ih_${suffix}`]: inputBias,
          [`bias_hh_${suffix}`]: stateBias,
        });
        return { inputWeight, stateWeight, inputBias, stateBias };
      };
      this.#directions.push({ forward: create(`l${layer}`), backward: create(`l${layer}_reverse`) });
    }
  }

  /** The weights of each layer, the first one first. */
  directions(): readonly LstmDirections[] {
    return this.#directions;
  }
}
