import { describe, expect, it } from "vitest";

import { documentOf, relationOf } from "./__fixtures__/documents.ts";
import { scoreDocumentRelations } from "./document-relations.ts";
import {
  bootstrapDifference,
  bootstrapInterval,
  countsByDocument,
  type DocumentCounts,
  type IntegerSource,
  randomizationTest,
} from "./significance.ts";

/** Draws the numbers given, over and over. */
function drawing(...numbers: readonly number[]): IntegerSource {
  let next = 0;
  return { integer: () => numbers[next++ % numbers.length] ?? 0 };
}

/** A linear congruential generator: good enough to draw documents, the same for the same seed. */
function seeded(seed: number): IntegerSource {
  let state = seed;
  return {
    integer(below) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    },
  };
}

/** Documents with one gold fact each, found where `right` says so; f1 is then the share of right ones. */
function documentsWith(right: readonly boolean[]): DocumentCounts[] {
  return right.map((isRight, index) => ({
    documentId: String(index),
    correct: isRight ? 1 : 0,
    predicted: 1,
    gold: 1,
  }));
}

describe("countsByDocument", () => {
  it("counts each document, unknown ones last, and sums to the scores of all", () => {
    const gold = [
      documentOf("A", [[0, "r", 1]]),
      documentOf("B", [
        [0, "r", 1],
        [1, "r", 2],
      ]),
    ];
    const predicted = [
      relationOf("Z", [0, "r", 1]),
      relationOf("B", [0, "r", 1]),
      relationOf("B", [0, "r", 1]),
      relationOf("B", [5, "r", 1]),
    ];

    const counts = countsByDocument(gold, predicted);

    expect(counts).toEqual([
      { documentId: "A", correct: 0, predicted: 0, gold: 1 },
      { documentId: "B", correct: 1, predicted: 2, gold: 2 },
      { documentId: "Z", correct: 0, predicted: 1, gold: 0 },
    ]);
    expect(scoreDocumentRelations(gold, predicted).all).toMatchObject({ correct: 1, predicted: 3, gold: 3 });
  });
});

describe("bootstrapInterval", () => {
  it("cuts the sorted scores of the drawn documents at both ends", () => {
    const documents = documentsWith([true, false]);
    // Samples of two documents: {0, 0}, {0, 1}, {1, 1}; F1 1, 1/2, 0.
    const random = drawing(0, 0, 0, 1, 1, 1);

    const half = bootstrapInterval(documents, { random, samples: 3, confidence: 0.5 });

    // Quartiles of 0, 1/2, 1 lie halfway between neighbours.
    expect(half).toEqual({ low: 0.25, high: 0.75 });
  });

  it("is the same for the same random numbers", () => {
    const documents = documentsWith(Array.from({ length: 30 }, (_, index) => index % 3 > 0));

    const once = bootstrapInterval(documents, { random: seeded(1) });
    const again = bootstrapInterval(documents, { random: seeded(1) });
    const other = bootstrapInterval(documents, { random: seeded(2), samples: 100 });

    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  it("is about as wide as the binomial interval it approximates", () => {
    // 400 documents, half of them right: standard error 0.025, 95 % within 0.049.
    const documents = documentsWith(Array.from({ length: 400 }, (_, index) => index % 2 === 0));

    const { low, high } = bootstrapInterval(documents, { random: seeded(3), samples: 2000 });

    expect(0.5 - low).toBeCloseTo(0.049, 2);
    expect(high - 0.5).toBeCloseTo(0.049, 2);
  });

  it("refuses impossible options and no documents", () => {
    const documents = documentsWith([true]);

    expect(() => bootstrapInterval(documents, { random: seeded(1), samples: 0 })).toThrow(
      "samples must be a positive integer, got 0.",
    );
    expect(() => bootstrapInterval(documents, { random: seeded(1), confidence: 95 })).toThrow(
      "confidence must lie between 0 and 1, got 95.",
    );
    expect(() => bootstrapInterval([], { random: seeded(1) })).toThrow("documents must not be empty, got none.");
  });
});

describe("bootstrapDifference", () => {
  it("lies above zero where the first system is better on every document", () => {
    const better = documentsWith([true, true, true]);
    const worse = documentsWith([false, false, false]);

    expect(bootstrapDifference(better, worse, { random: seeded(1) })).toEqual({ low: 1, high: 1 });
    expect(bootstrapDifference(worse, better, { random: seeded(1) })).toEqual({ low: -1, high: -1 });
  });

  it("draws the same documents for both systems", () => {
    const first = documentsWith([true, false, true, false]);

    expect(bootstrapDifference(first, first.toReversed(), { random: seeded(1) })).toEqual({ low: 0, high: 0 });
  });
});

describe("randomizationTest", () => {
  it("counts the rounds whose difference is at least as large, the true one among them", () => {
    const first = documentsWith([true, true]);
    const second = documentsWith([false, false]);
    // Four rounds: none swapped (1), one swapped (0), the other (0), both (-1).
    const random = drawing(0, 0, 0, 1, 1, 0, 1, 1);

    const { difference, pValue } = randomizationTest(first, second, { random, rounds: 4 });

    expect(difference).toBe(1);
    expect(pValue).toBe((2 + 1) / (4 + 1));
  });

  it("finds no difference between a system and itself, and one where many documents agree", () => {
    const half = documentsWith(Array.from({ length: 20 }, (_, index) => index % 2 === 0));
    const all = documentsWith(Array.from({ length: 20 }, () => true));

    expect(randomizationTest(half, half, { random: seeded(1), rounds: 50 })).toEqual({ difference: 0, pValue: 1 });
    // Ten documents differ: 2 of 2^10 assignments are as large.
    const { pValue } = randomizationTest(all, half, { random: seeded(1) });
    expect(pValue).toBeGreaterThan(0.0005);
    expect(pValue).toBeLessThan(0.005);
  });

  it("takes a document that only one system names for empty in the other", () => {
    const first = documentsWith([true]);
    const unknown = { documentId: "unknown", correct: 0, predicted: 1, gold: 0 };

    const { difference } = randomizationTest(first, [...first, unknown], { random: seeded(1), rounds: 1 });

    // F1 1 against precision 1/2 and recall 1.
    expect(difference).toBeCloseTo(1 - 2 / 3, 12);
  });

  it("refuses systems that were not counted on the same gold", () => {
    const first = documentsWith([true, true]);

    expect(() => randomizationTest(first, first.slice(1), { random: seeded(1) })).toThrow(
      'Both systems must be counted on the same gold, got 1 and 0 facts for "0".',
    );
  });
});
