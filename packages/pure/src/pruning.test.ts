import { expect, it } from "vitest";

import { pruneDocuments, pruneSpans, type ScoredSpan } from "./pruning.ts";

const spans = [0.2, 0.9, 0.9, 0.1, 0.5].map((entityScore, start): ScoredSpan => {
  return { start, end: start + 1, label: entityScore > 0.5 ? 1 : 0, score: 1, entityScore };
});
const startsOf = (kept: readonly ScoredSpan[]): number[] => kept.map(({ start }) => start);

it("keeps the likeliest spans for each word, rounded up, in their order", () => {
  // 6 words · 0.4 are 2.4, so three spans.
  expect(startsOf(pruneSpans(spans, 6, 0.4))).toEqual([1, 2, 4]);
  expect(startsOf(pruneSpans(spans, 1, 0.4))).toEqual([1]);
  expect(startsOf(pruneSpans(spans, 100, 0.4))).toEqual([0, 1, 2, 3, 4]);
});

it("counts the words of each sentence by itself", () => {
  const document = { id: "", sentences: [["a"], [], ["a", "b", "c"]], entities: [], relations: [], labelled: false };

  const kept = pruneDocuments([document], [[spans, [], spans]], { spansPerWord: 0.4 });

  expect(kept.map((bySentence) => bySentence.map(startsOf))).toEqual([[[1], [], [1, 2]]]);
});
