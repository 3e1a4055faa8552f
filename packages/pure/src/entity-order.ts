import { batches } from "@relatum/datasets";

/** Longer inputs fill a batch alone, in words with their context. */
const MOST_SHARED_WORDS = 350;

/** How {@link batchSentences} groups. */
export interface BatchSentencesOptions {
  /** Sentences per batch. */
  readonly size: number;
  /** Those of like length together, or, as the authors do, in their order; `by-length` without it. */
  readonly batching?: "by-length" | "shuffled" | undefined;
}

/**
 * Groups sentences into the batches that the entity model is trained on: long ones alone and first, then the others.
 *
 * @throws {RangeError} If the size is not a positive integer.
 */
export function batchSentences<T extends { readonly wordCount: number }>(
  sentences: readonly T[],
  { size, batching = "by-length" }: BatchSentencesOptions,
): T[][] {
  const long = sentences.filter(({ wordCount }) => wordCount > MOST_SHARED_WORDS);
  const others = sentences.filter(({ wordCount }) => wordCount <= MOST_SHARED_WORDS);
  const ordered = batching === "shuffled" ? others : others.toSorted((left, right) => left.wordCount - right.wordCount);
  return [...long.map((sentence) => [sentence]), ...batches(ordered, { size })];
}
