export type { PaperAdapter, PaperExtractor, PublishedResult, RunHooks, TuningTools } from "./adapter.ts";
export {
  type DataFormat,
  type Experiment,
  ExperimentError,
  type FileData,
  loadExperiment,
  type NamedData,
  type TrainingSettings,
} from "./experiment.ts";
