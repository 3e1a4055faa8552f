import * as tf from "@tensorflow/tfjs";

import { dropout } from "./kernels/dropout.ts";
import { gatherRows } from "./kernels/gather-rows.ts";
import { layerNorm } from "./kernels/layer-norm.ts";
import { linear } from "./kernels/linear.ts";
import type { Mode } from "./mode.ts";
import { Module } from "./module.ts";
import { countParameter } from "./parameter-budget.ts";
import type { Random } from "./random.ts";

/** Standard deviation of BERT's initial weights. */
const INITIAL_DEVIATION = 0.02;

/** Creates a parameter `shape` with normally distributed values. */
export function normalParameter(
  shape: readonly number[],
  random: Random,
  deviation: number = INITIAL_DEVIATION,
): tf.Variable {
  return drawParameter(shape, () => random.normal() * deviation);
}

/** Creates a parameter `shape` with values uniform in ±`bound`, as PyTorch starts its linear layers. */
export function uniformParameter(shape: readonly number[], random: Random, bound: number): tf.Variable {
  return drawParameter(shape, () => (random.uniform() * 2 - 1) * bound);
}

/** Creates a parameter `shape` of one value. */
export function constantParameter(shape: readonly number[], value: number): tf.Variable {
  countParameter(shape);
  return createParameter(tf.fill([...shape], value));
}

/**
 * Fills a parameter value by value.
 *
 * A loop: `Float32Array.from` takes seconds where a model has 100 million weights. Zeros are not written, so that weights
 * about to be loaded, which all start at 0, take no memory: the system hands out pages once they are written to.
 */
function drawParameter(shape: readonly number[], draw: () => number): tf.Variable {
  countParameter(shape);
  const values = new Float32Array(tf.util.sizeFromShape([...shape]));
  for (let index = 0; index < values.length; index += 1) {
    const value = draw();
    if (value !== 0) values[index] = value;
  }
  return createParameter(tf.tensor(values, [...shape]));
}

/** A variable that takes over `initial`. */
function createParameter(initial: tf.Tensor): tf.Variable {
  const variable = tf.variable(initial);
  initial.dispose();
  return variable;
}

/** A linear map with bias: `input · weightᵀ + bias`. */
export class Linear extends Module {
  /** `[outputSize, inputSize]`, as PyTorch keeps it. */
  readonly weight: tf.Variable;
  /** `[outputSize]`. */
  readonly bias: tf.Variable;

  /**
   * Starts as PyTorch does, weight and bias uniform in ±1/√inputSize; or, if a standard deviation is given, as BERT
   * does, weight normal and bias zero.
   */
  constructor(inputSize: number, outputSize: number, random: Random, deviation?: number) {
    super();
    const bound = 1 / Math.sqrt(inputSize);
    const shape = [outputSize, inputSize];
    this.weight =
      deviation === undefined ? uniformParameter(shape, random, bound) : normalParameter(shape, random, deviation);
    this.bias =
      deviation === undefined ? uniformParameter([outputSize], random, bound) : constantParameter([outputSize], 0);
  }

  /** Maps the last axis: `[…, inputSize]` to `[…, outputSize]`. */
  apply<T extends tf.Tensor>(input: T): T {
    return linear(input, this.weight, this.bias);
  }
}

/** A table of vectors, looked up by id. */
export class Embedding extends Module {
  /** `[rows, width]`. */
  readonly weight: tf.Variable;

  constructor(rows: number, width: number, random: Random) {
    super();
    this.weight = normalParameter([rows, width], random);
  }

  /**
   * Looks up vectors.
   *
   * @param ids int32 `[batch, tokens]`, each below the number of rows.
   * @returns `[batch, tokens, width]`.
   */
  apply(ids: tf.Tensor2D): tf.Tensor3D {
    const [batch, tokens] = ids.shape;
    return tf.tidy(() => gatherRows(this.weight, ids.flatten()).reshape([batch, tokens, -1]));
  }
}

/** Layer normalisation over the last axis, with gain and shift. */
export class LayerNorm extends Module {
  /** Gain `[width]`. */
  readonly weight: tf.Variable;
  /** Shift `[width]`. */
  readonly bias: tf.Variable;
  readonly #epsilon: number;

  constructor(width: number, epsilon = 1e-12) {
    super();
    this.weight = constantParameter([width], 1);
    this.bias = constantParameter([width], 0);
    this.#epsilon = epsilon;
  }

  /** Normalises the last axis; the shape stays. */
  apply<T extends tf.Tensor>(input: T): T {
    return layerNorm(input, this.weight, this.bias, this.#epsilon);
  }
}

/** Linear layers with relu and dropout after each. */
export class FeedForward extends Module {
  readonly layers: readonly Linear[];
  readonly #rate: number;

  /**
   * @param sizes Widths from the input to the last layer: `[in, hidden, …, out]`.
   * @param deviation As that of {@link Linear}.
   */
  constructor(sizes: readonly number[], rate: number, random: Random, deviation?: number) {
    super();
    this.layers = sizes.slice(1).map((size, index) => new Linear(sizes[index] as number, size, random, deviation));
    this.#rate = rate;
  }

  /** Maps the last axis: `[…, in]` to `[…, out]`. */
  apply<T extends tf.Tensor>(input: T, mode: Mode): T {
    return tf.tidy(() =>
      this.layers.reduce((hidden, layer) => dropout(layer.apply(hidden).relu() as T, this.#rate, mode), input),
    );
  }
}
