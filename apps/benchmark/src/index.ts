export type {
  GraphDrawing,
  PaperAdapter,
  PaperExtractor,
  PublishedResult,
  RunHooks,
  SpeedOptions,
  SpeedWork,
  TuningTools,
} from "./adapter.ts";
export {
  type DataFormat,
  type Experiment,
  ExperimentError,
  type FileData,
  loadExperiment,
  type NamedData,
  type TrainingSettings,
} from "./experiment.ts";
