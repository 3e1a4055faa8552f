import type { Document } from "@relatum/datasets";

import type { PureConfig } from "./config.ts";
import type { LabelledSpan } from "./spans.ts";

/** A span with what the entity model thinks of it. */
export interface ScoredSpan extends LabelledSpan {
  /** Probability of the label, 0–1. */
  readonly score: number;
  /** Probability that the span is an entity at all, 0–1. */
  readonly entityScore: number;
}

/**
 * Keeps the spans of a sentence that are most likely entities, `spansPerWord` for each of its words.
 *
 * @returns In the order of the spans, label 0 for those whose likeliest label is no entity.
 */
export function pruneSpans(spans: readonly ScoredSpan[], wordCount: number, spansPerWord: number): ScoredSpan[] {
  const count = Math.ceil(wordCount * spansPerWord);
  const best = spans.toSorted((left, right) => right.entityScore - left.entityScore).slice(0, count);
  const kept = new Set(best);
  return spans.filter((span) => kept.has(span));
}

/** Keeps the spans of documents that are most likely entities, by document and sentence; see {@link pruneSpans}. */
export function pruneDocuments(
  documents: readonly Document[],
  spans: readonly (readonly (readonly ScoredSpan[])[])[],
  { spansPerWord }: Pick<PureConfig, "spansPerWord">,
): ScoredSpan[][][] {
  return documents.map(({ sentences }, index) =>
    sentences.map(({ length }, sentence) => pruneSpans(spans[index]?.[sentence] ?? [], length, spansPerWord)),
  );
}
