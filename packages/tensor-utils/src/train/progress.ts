import type { EpochEvent, FitOptions, Trainable } from "./fit-options.ts";
import type { ParameterCopy } from "./parameter-copy.ts";

/** How far a run has come; everything else about it follows from its settings. */
export interface Progress {
  /** Steps taken. */
  readonly step: number;
  /** The running epoch, from 1. */
  readonly epoch: number;
  /** Batches of the running epoch that are done. */
  readonly batchesDone: number;
  /** Losses of the running epoch's steps, summed. */
  readonly lossSum: number;
  /** Steps of the running epoch. */
  readonly epochSteps: number;
  /** The epochs that are over. */
  readonly epochs: readonly EpochEvent[];
  /** The epoch that scored highest, and the number of steps taken by then. */
  readonly best: { readonly epoch: number; readonly score: number; readonly step: number } | null;
}

/** The state of a run that has not begun. */
export const BEGINNING: Progress = {
  step: 0,
  epoch: 1,
  batchesDone: 0,
  lossSum: 0,
  epochSteps: 0,
  epochs: [],
  best: null,
};

/** A run of `fit`. */
export interface Run<Batch> {
  readonly model: Trainable<Batch>;
  readonly options: FitOptions<Batch>;
  /** Parameters of the best epoch so far. */
  readonly best: ParameterCopy;
  progress: Progress;
  /** The progress that was saved last. */
  saved: Progress;
}
