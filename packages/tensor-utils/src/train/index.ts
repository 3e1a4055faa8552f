export { AbortedError } from "./aborted-error.ts";
export { AdamW, type AdamWOptions, type OptimizerState, type ParameterGroup } from "./adam-w.ts";
export type {
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
export { linearWarmup, type LinearWarmupOptions, type Schedule } from "./schedule.ts";
