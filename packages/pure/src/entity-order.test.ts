import { describe, expect, it } from "vitest";

import { batchSentences } from "./entity-order.ts";

const sentences = [30, 10, 351, 20, 10, 40].map((wordCount, number) => ({ wordCount, number }));
const numbersOf = (batching?: "shuffled"): number[][] =>
  batchSentences(sentences, { size: 2, batching }).map((batch) => batch.map(({ number }) => number));

describe("batchSentences", () => {
  it("puts sentences of like length together, and those over 350 words alone and first", () => {
    expect(numbersOf()).toEqual([[2], [1, 4], [3, 0], [5]]);
  });

  it("keeps their order, as the authors do, where that is asked for", () => {
    expect(numbersOf("shuffled")).toEqual([[2], [0, 1], [3, 4], [5]]);
  });
});
