import * as tf from "@tensorflow/tfjs";

import type { Random } from "./random.ts";

/** Whether a forward pass trains or infers; training carries the step's source of dropout masks. */
export type Mode = { readonly training: false } | { readonly training: true; readonly noise: Noise };

/** The mode of evaluation and prediction: no dropout. */
export const INFERENCE: Mode = { training: false };

/**
 * What every dropout mask of one training step is computed from.
 *
 * The seed is a tensor so that a recorded graph can take a new one each step; sites are numbered in the order in which
 * the forward pass meets them, which must therefore not depend on values.
 */
export class Noise {
  /** Two int32 numbers that differ from step to step `[2]`; owned by the caller. */
  readonly seed: tf.Tensor1D;
  #site = 0;

  constructor(seed: tf.Tensor1D) {
    this.seed = seed;
  }

  /** The number of the next dropout site, from 0. */
  nextSite(): number {
    const site = this.#site;
    this.#site += 1;
    return site;
  }
}

/**
 * Draws the seed of one step's {@link Noise}.
 *
 * @returns int32 `[2]`; the caller disposes of it.
 */
export function drawNoiseSeed(random: Random): tf.Tensor1D {
  return tf.tensor1d([random.integer(2 ** 31), random.integer(2 ** 31)], "int32");
}
