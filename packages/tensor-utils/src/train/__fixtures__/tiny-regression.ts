import * as tf from "@tensorflow/tfjs";

import { dropout } from "../../kernels/dropout.ts";
import { Linear } from "../../layers.ts";
import type { Mode } from "../../mode.ts";
import { Module } from "../../module.ts";
import { createRandom } from "../../random.ts";
import { AdamW } from "../adam-w.ts";
import type { EpochEvent, FitOptions, ResumeEvent, StepEvent } from "../fit-options.ts";

/** Rows to learn from. */
export interface TinyBatch {
  /** `[rows, 3]`. */
  readonly input: tf.Tensor2D;
  /** `[rows, 1]`. */
  readonly target: tf.Tensor2D;
}

/** Everything that `fit` tells. */
export type FitEvent = StepEvent | EpochEvent | ResumeEvent;

/** Two layers with dropout between, and a third that takes no part in the loss. */
export class TinyModel extends Module {
  readonly first: Linear = new Linear(3, 4, createRandom(1));
  readonly second: Linear = new Linear(4, 1, createRandom(2));
  readonly pooler: Linear = new Linear(4, 4, createRandom(3));

  /** Squared error `[]`. */
  loss({ input, target }: TinyBatch, mode: Mode): tf.Scalar {
    const hidden = dropout(this.first.apply(input).tanh() as tf.Tensor2D, 0.2, mode); // [rows, 4]
    return this.second.apply(hidden).sub(target).square().mean();
  }
}

/** Makes the batch of that number, always the same. */
export function makeBatch(epoch: number, index: number, size = 4): TinyBatch {
  const random = createRandom(17).fork(`epoch ${epoch} batch ${index}`);
  const rows = Array.from({ length: size }, () => [random.normal(), random.normal(), random.normal()]);
  const targets = rows.map(([a = 0, b = 0, c = 0]) => [a - 0.5 * b + 0.25 * c]);
  return { input: tf.tensor2d(rows), target: tf.tensor2d(targets) };
}

/** Options for two epochs of three batches, with weight decay, clipping, a falling learning rate and dropout. */
export function tinyOptions(model: Module, events: FitEvent[] = []): FitOptions<TinyBatch> {
  return {
    epochs: 2,
    optimizer: tinyOptimizer(model),
    random: createRandom(5),
    batches: (epoch) => [0, 1, 2].map((index) => () => makeBatch(epoch, index)),
    log: (event) => void events.push(event),
  };
}

/** The optimizer of {@link tinyOptions}. */
export function tinyOptimizer(model: Module): AdamW {
  const groups = [
    { match: /weight$/, learningRate: 0.05, weightDecay: 0.01 },
    { match: /./, learningRate: 0.05 },
  ];
  return new AdamW(model.parameters(), groups, { clipNorm: 1, schedule: (step) => 1 / (1 + step / 100) });
}

/** The values of every parameter. */
export function weightsOf(model: Module): number[][] {
  return [...model.parameters().values()].map((value) => [...value.dataSync()]);
}
