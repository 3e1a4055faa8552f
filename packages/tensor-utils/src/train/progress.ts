import type { EpochEvent } from "./fit-options.ts";

/** How far a run has come; everything else about it follows from its settings. */
export interface Progress {
  /** Steps taken. */
  step: number;
  /** The running epoch, from 1. */
  epoch: number;
  /** Batches of the running epoch that are done. */
  batchesDone: number;
  /** Losses of the running epoch's steps, summed. */
  lossSum: number;
  /** Steps of the running epoch. */
  epochSteps: number;
  /** The epochs that are over. */
  epochs: EpochEvent[];
  /** The epoch that scored highest, and the number of steps taken by then. */
  best: { epoch: number; score: number; step: number } | null;
}

/** Creates the state of a run that has not begun. */
export function createProgress(): Progress {
  return { step: 0, epoch: 1, batchesDone: 0, lossSum: 0, epochSteps: 0, epochs: [], best: null };
}
