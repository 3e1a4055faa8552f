export { batches, type BatchOptions, type Shuffler } from "./batches.ts";
export { type Document, documentPairs, type Entity, type EntityPair, type Mention, type RelationFact } from "./document.ts";
export type { EntityRelation, Extraction, Extractor, Span, SpanRelation, TypedSpan } from "./extraction.ts";
export { DatasetFormatError } from "./format.ts";
