export { AbortedError } from "./aborted-error.ts";
export { AdamW, type AdamWOptions, type OptimizerState, type ParameterGroup } from "./adam-w.ts";
export { CheckpointError } from "./checkpoint-error.ts";
export {
  type Checkpoint,
  type DamagedCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  type LoadedCheckpoint,
  saveCheckpoint,
  setAside,
} from "./checkpoint.ts";
export type {
  BatchPart,
  CheckpointOptions,
  EpochEvent,
  FitOptions,
  FitReport,
  ResumeEvent,
  StepEvent,
  Trainable,
  TrainSettings,
} from "./fit-options.ts";
export { fit } from "./fit.ts";
export type { Progress } from "./progress.ts";
export { type FingerprintSettings, runFingerprint } from "./run-fingerprint.ts";
export { batchMemory, splitBatch, type SplitBatchOptions } from "./split-batch.ts";
export { linearWarmup, type LinearWarmupOptions, type Schedule } from "./schedule.ts";
export { type StepResult, StepRunner } from "./step.ts";
