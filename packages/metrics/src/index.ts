export { type Counts, type PrecisionRecallF1, precisionRecallF1 } from "./counts.ts";
export { type PrecisionRecallCurve, precisionRecallCurve, trapezoidArea } from "./curves.ts";
export {
  type DocumentScores,
  type ScoreOptions,
  type ScoringConvention,
  scoreDocumentRelations,
} from "./document-relations.ts";
export {
  type EntityCountScores,
  scoreByEntityCount,
  scoreByRelation,
  scoreCandidatePairs,
} from "./grouped-relations.ts";
export { scoreInferenceRelations } from "./inference-relations.ts";
export { bestThresholdsPerRelation, type RelationThresholdOptions } from "./relation-thresholds.ts";
export { createReportRow, formatReport, type Report, type ReportFormat, type ReportRow } from "./report.ts";
export {
  scoreSentenceLabels,
  scoreSentenceRelations,
  sentenceCountsByDocument,
  type SentenceLabelScores,
  type SentenceScores,
} from "./sentence-relations.ts";
export {
  breakDownRelationErrors,
  RELATION_ERROR_CAUSES,
  type RelationErrorCause,
  type RelationErrors,
} from "./sentence-relations-errors.ts";
export { formatLabelScores, formatRelationErrors } from "./sentence-relations-report.ts";
export type { FoundInSentences, SentenceConvention, SentenceScoreOptions } from "./sentence-relations-tally.ts";
export {
  type BootstrapOptions,
  bootstrapDifference,
  bootstrapInterval,
  type ConfidenceInterval,
  countsByDocument,
  type DocumentCounts,
  type IntegerSource,
  type PairedTest,
  randomizationTest,
} from "./significance.ts";
export { markdownTable, type TableColumn, textTable } from "./table.ts";
export {
  bestGlobalThreshold,
  bestThreshold,
  type KeepOptions,
  keepScored,
  type ThresholdChoice,
  type ThresholdOptions,
} from "./threshold.ts";
