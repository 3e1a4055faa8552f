import { batches } from "@relatum/datasets";

/** Longer inputs fill a batch alone, in words with their context. */
const MOST_SHARED_WORDS = 350;

/**
 * Groups sentences into the batches that the entity model is trained on: long ones alone and first, then the others in
 * their order.
 *
 * @throws {RangeError} If the size is not a positive integer.
 */
export function batchSentences<T extends { readonly wordCount: number }>(sentences: readonly T[], size: number): T[][] {
  const long = sentences.filter(({ wordCount }) => wordCount > MOST_SHARED_WORDS);
  const others = sentences.filter(({ wordCount }) => wordCount <= MOST_SHARED_WORDS);
  return [...long.map((sentence) => [sentence]), ...batches(others, { size })];
}
