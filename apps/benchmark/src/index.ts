export type {
  ExtractionWork,
  GraphDrawing,
  LoadModelOptions,
  PairExplanation,
  PaperAdapter,
  PaperExtractor,
  PublishedResult,
  ReferenceResult,
  RunHooks,
  SpeedOptions,
  SpeedWork,
  TrainingWork,
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
