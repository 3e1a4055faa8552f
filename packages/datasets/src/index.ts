export { batches, type BatchOptions, type Shuffler } from "./batches.ts";
export { type BiomedicalTableOptions, parseBiomedicalTable } from "./biomedical-table.ts";
export { formatBiomedicalTable } from "./biomedical-table-writer.ts";
export {
  type DocredDocument,
  type DocredLabel,
  type DocredMention,
  type DocredSubmissionRow,
  formatDocred,
  parseDocred,
  toDocredSubmission,
} from "./docred.ts";
export {
  type Document,
  documentPairs,
  type Entity,
  type EntityPair,
  type Mention,
  type RelationFact,
  withoutLabels,
} from "./document.ts";
export { documentsHash } from "./documents-hash.ts";
export type {
  DocumentExtraction,
  EntityRelation,
  Extraction,
  Extractor,
  SentenceExtraction,
  Span,
  SpanRelation,
  TypedSpan,
} from "./extraction.ts";
export { factKey, parseFacts, trainFacts } from "./facts.ts";
export { DatasetFormatError } from "./format.ts";
export { type LabelledPairs, labelPairs } from "./label-pairs.ts";
export {
  entityTypes,
  parseLabels,
  relationNames,
  requireLabels,
  requireTrainable,
  requireUniqueIds,
} from "./labels.ts";
export {
  DATASET_FORMATS,
  type DatasetFormat,
  loadDocuments,
  loadFacts,
  loadLabels,
  type LoadOptions,
  loadPredictions,
} from "./load.ts";
export type { SampleSplit } from "./sample-names.ts";
export { type SampleCorpus, type SampleFactKind, sampleWorld, type SampleWorldOptions } from "./sample-world.ts";
export { parsePubtator, type PubtatorOptions } from "./pubtator.ts";
export { formatPubtator } from "./pubtator-writer.ts";
export { parseSciErc, parseSciErcPredictions, type SciErcOptions } from "./scierc.ts";
export { formatSciErc, type SciErcWriteOptions } from "./scierc-writer.ts";
export { sentenceDocuments, withFoundSpans } from "./sentence-documents.ts";
export { type PrepareOptions, prepareDataset, type PreparedDataset, type PrepareProgress } from "./catalog.ts";
export {
  type CatalogEntry,
  type CatalogFile,
  DATASETS,
  type DatasetRole,
  type FileVersion,
} from "./catalog-entries.ts";
