import type { Document } from "./document.ts";

/** A run of words within one sentence. */
export interface Span {
  readonly sentence: number;
  readonly start: number;
  /** The word after the last one. */
  readonly end: number;
}

/** A relation found between two entities of a document. */
export interface EntityRelation {
  readonly documentId: string;
  readonly head: number;
  readonly tail: number;
  readonly relation: string;
  /** Higher is surer; its unit is the model's. */
  readonly score: number;
  /** Numbers of the sentences found to support it, from models that tell. */
  readonly evidence?: readonly number[];
}

/** An entity mention found in a sentence. */
export interface TypedSpan extends Span {
  readonly documentId: string;
  readonly type: string;
  readonly score: number;
}

/** A relation found between two spans. */
export interface SpanRelation {
  readonly documentId: string;
  readonly head: Span;
  readonly tail: Span;
  readonly relation: string;
  readonly score: number;
  /** The type that the model took the head for, where a span may have several. */
  readonly headType?: string;
  /** The type that the model took the tail for, where a span may have several. */
  readonly tailType?: string;
}

/** Relations found between given entities. */
export interface DocumentExtraction {
  readonly task: "document";
  readonly relations: readonly EntityRelation[];
}

/** Spans found in sentences, and relations between them. */
export interface SentenceExtraction {
  readonly task: "sentence";
  readonly spans: readonly TypedSpan[];
  readonly relations: readonly SpanRelation[];
}

/** What a model finds: relations between given entities, or spans and relations between them. */
export type Extraction = DocumentExtraction | SentenceExtraction;

/** A trained model, ready to use. */
export interface Extractor {
  /** Finds what the documents say; labels are neither needed nor read. */
  extract(documents: readonly Document[]): Promise<Extraction>;
  /** Frees the model's memory. */
  dispose(): void;
}
