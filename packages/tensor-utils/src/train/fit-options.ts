import type * as tf from "@tensorflow/tfjs";

import type { Mode } from "../mode.ts";
import type { Random } from "../random.ts";
import type { AdamW } from "./adam-w.ts";

/** A model that `fit` can train. */
export interface Trainable<Batch> {
  /** Every parameter by name. */
  parameters(): ReadonlyMap<string, tf.Variable>;
  /**
   * Computes the loss of one batch. It is recorded as a graph, so it must be pure: it reads no value back, draws its
   * randomness from `mode.noise`, and what is not a tensor in the batch decides the graph.
   *
   * @returns `[]`.
   */
  loss(batch: Batch, mode: Mode): tf.Scalar;
}

/** Some of what a batch is made of, so that the whole need not fit into memory at a time. */
export interface BatchPart<Batch> {
  /** Makes it. */
  readonly make: () => Batch;
  /**
   * What its loss counts for in the whole batch's: its share of what the loss is the mean over, 0–1; 1 where the loss is
   * a sum.
   */
  readonly weight: number;
}

/** Where and when `fit` saves. */
export interface CheckpointOptions {
  /** Directory of this run's checkpoints; made when missing. */
  readonly directory: string;
  /** Continues from the newest sound checkpoint there, if there is one; otherwise the directory must hold none. */
  readonly resume: boolean;
  /** Saves after every so many steps, besides at the end of each epoch. */
  readonly everySteps?: number;
  /** What model, settings and data the run is of; a checkpoint with another value under one of these names is refused. */
  readonly fingerprint?: Readonly<Record<string, string>>;
}

/** One step has been taken. */
export interface StepEvent {
  readonly kind: "step";
  /** From 1. */
  readonly epoch: number;
  /** Steps taken since the first epoch began, this one included. */
  readonly step: number;
  /** Loss of the step's batches before the step, their mean when gradients are accumulated. */
  readonly loss: number;
  /** What the schedule multiplied the learning rates by. */
  readonly learningRateMultiplier: number;
  /** Norm of all gradients before clipping. */
  readonly gradientNorm: number;
}

/** One epoch is over. */
export interface EpochEvent {
  readonly kind: "epoch";
  /** From 1. */
  readonly epoch: number;
  /** Mean of the losses of its steps. */
  readonly meanLoss: number;
  /** What `evaluate` gave. */
  readonly score?: number;
  /** Share of the epoch's tokens that were padding, 0–1. */
  readonly padding?: number;
}

/** A run goes on from a checkpoint. */
export interface ResumeEvent {
  readonly kind: "resume";
  /** The epoch it goes on in, from 1; one more than the last when the run was complete. */
  readonly epoch: number;
  /** Steps taken before. */
  readonly step: number;
  /** Newer checkpoints that are damaged and were passed over, each with the reason. */
  readonly skipped: readonly string[];
}

/** How `fit` trains. */
export interface FitOptions<Batch> {
  readonly epochs: number;
  readonly optimizer: AdamW;
  /** Source of all noise; `fit` uses its forks `step 0`, `step 1`, … alone. */
  readonly random: Random;
  /** Batches per step, whose losses are averaged; 1 without it. An epoch's last step may have fewer. */
  readonly accumulate?: number;
  /**
   * Gives the batches of an epoch (from 1) in order, the same at every call. Each is a function that makes the batch, so
   * that a resumed run passes over the ones done without making them. A batch is an object of tensors and plain values.
   *
   * A batch may come in parts, which are made and freed in turn: their gradients add up to those of the whole.
   */
  batches(epoch: number): Iterable<(() => Batch) | readonly BatchPart<Batch>[]>;
  /** Tells what share of an epoch's tokens (from 1) is padding, 0–1, for the log. */
  padding?(epoch: number): number;
  /** Frees a batch; without it, every tensor in the batch is disposed of. */
  release?(batch: Batch): void;
  /** Scores the model after an epoch (from 1), higher is better; the parameters of the best epoch are the result. */
  evaluate?(epoch: number): Promise<number>;
  readonly checkpoint?: CheckpointOptions;
  log?(event: StepEvent | EpochEvent | ResumeEvent): void;
  /** Ends the run after the current step, with a checkpoint and an `AbortedError`. */
  readonly signal?: AbortSignal;
}

/** What `fit` did. */
export interface FitReport {
  /** Every epoch, those before a resumption included. */
  readonly epochs: readonly EpochEvent[];
  /** The epoch whose parameters the model has now, from 1: the one that scored highest, or the last without `evaluate`. */
  readonly bestEpoch: number;
  /** Steps taken. */
  readonly steps: number;
}

/** What every paper's training takes, whatever the model. */
export interface TrainSettings extends Pick<
  FitOptions<never>,
  "epochs" | "accumulate" | "checkpoint" | "log" | "signal"
> {
  /**
   * Bytes that the model, what training keeps of it and the tensors of a batch may take together; no limit without it.
   *
   * A batch that would need more is taken in parts, one after the other, whose gradients are summed: the step is the same
   * to rounding, but for dropout, whose masks differ. A single document or sentence that needs more still gets it.
   */
  readonly memory?: number;
  /** Decides initial weights of the head, order of the data and dropout. */
  readonly seed: number;
  /** Documents, or sentences, per batch. */
  readonly batchSize: number;
  /**
   * Which documents share a batch: `by-length`, the default, those of like length, in random order within a part of the
   * data, which pads little; `shuffled` any, as the papers' authors do.
   */
  readonly batching?: "by-length" | "shuffled";
  readonly encoderLearningRate: number;
  readonly headLearningRate: number;
  /** Share of all steps in which the learning rate rises, 0–1. */
  readonly warmup: number;
}
