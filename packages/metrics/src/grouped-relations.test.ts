import { describe, expect, it } from "vitest";

import { documentOf, relationOf } from "./__fixtures__/documents.ts";
import { scoreDocumentRelations } from "./document-relations.ts";
import { scoreByEntityCount, scoreByRelation, scoreCandidatePairs } from "./grouped-relations.ts";

const places = (entityCount: number): number[][] => Array.from({ length: entityCount }, () => [0]);

describe("scoreByEntityCount", () => {
  it("puts documents into the ranges of ATLOP's figure 4, edges included", () => {
    const counts = [1, 5, 6, 10, 35, 36, 50];
    const gold = counts.map((count) => documentOf(String(count), [[0, "r", 1]], places(count)));

    const ranges = scoreByEntityCount(gold, []);

    expect(ranges.map(({ from, to, documentCount }) => [from, to, documentCount])).toEqual([
      [1, 5, 2],
      [6, 10, 2],
      [11, 15, 0],
      [16, 20, 0],
      [21, 25, 0],
      [26, 30, 0],
      [31, 35, 1],
      [36, Infinity, 2],
    ]);
  });

  it("scores each range with its own predictions alone", () => {
    const gold = [documentOf("small", [[0, "r", 1]], places(2)), documentOf("large", [[0, "r", 1]], places(4))];
    const predicted = [
      relationOf("small", [0, "r", 1]),
      relationOf("large", [1, "r", 0]),
      relationOf("unknown", [0, "r", 1]),
    ];

    const [small, large] = scoreByEntityCount(gold, predicted, [3]);

    expect(small?.scores.all).toMatchObject({ correct: 1, predicted: 1, gold: 1 });
    expect(large?.scores.all).toMatchObject({ correct: 0, predicted: 1, gold: 1 });
  });

  it("refuses edges that do not ascend", () => {
    expect(() => scoreByEntityCount([], [], [5, 5])).toThrow("edges must ascend from above 0, got 5, 5.");
    expect(() => scoreByEntityCount([], [], [0])).toThrow(RangeError);
  });
});

describe("scoreByRelation", () => {
  it("scores each relation by itself, those with most gold first", () => {
    const gold = [
      documentOf("A", [
        [0, "few", 1],
        [0, "many", 1],
        [1, "many", 2],
      ]),
    ];
    const predicted = [
      relationOf("A", [0, "many", 1]),
      relationOf("A", [0, "many", 1]),
      relationOf("A", [2, "many", 1]),
      relationOf("A", [0, "unknown", 1]),
    ];

    const table = scoreByRelation(gold, predicted);

    expect([...table.keys()]).toEqual(["many", "few", "unknown"]);
    expect(table.get("many")).toMatchObject({ correct: 1, predicted: 2, gold: 2 });
    expect(table.get("few")).toMatchObject({ correct: 0, predicted: 0, gold: 1 });
    expect(table.get("unknown")).toMatchObject({ correct: 0, predicted: 1, gold: 0 });
  });
});

describe("scoreCandidatePairs", () => {
  const candidatePairs = [
    [0, 1],
    [0, 2],
    [3, 1],
    [3, 2],
  ] as const;
  const document = {
    ...documentOf("A", [
      [0, "r", 1],
      [3, "r", 2],
    ]),
    candidatePairs,
  };

  it("equals ATLOP's binary F1 over pairs, and all.f1 where gold and predictions are candidates", () => {
    const predicted = [relationOf("A", [0, "r", 1]), relationOf("A", [0, "r", 2]), relationOf("A", [0, "r", 1])];

    const scores = scoreCandidatePairs([document], predicted);

    // Pair by pair: true positive (0, 1), false positive (0, 2), true negative (3, 1), false negative (3, 2).
    const [precision, recall] = [1 / (1 + 1 + 1e-5), 1 / (1 + 1 + 1e-5)];
    expect(scores.f1).toBeCloseTo((2 * precision * recall) / (precision + recall + 1e-5), 4);
    expect(scores).toEqual(scoreDocumentRelations([document], predicted).all);
  });

  it("leaves out gold and predictions that are no candidates", () => {
    const outside = { head: 1, tail: 2, relation: "r", evidence: [] };
    const gold = [{ ...document, relations: [...document.relations, outside] }];
    const predicted = [relationOf("A", [0, "r", 1]), relationOf("A", [2, "r", 1]), relationOf("Z", [0, "r", 1])];

    expect(scoreCandidatePairs(gold, predicted)).toMatchObject({ correct: 1, predicted: 1, gold: 2 });
  });

  it("takes every pair of a document without candidates", () => {
    const gold = [documentOf("A", [[0, "r", 1]])];

    expect(scoreCandidatePairs(gold, [relationOf("A", [5, "r", 6])])).toMatchObject({ predicted: 1, gold: 1 });
  });
});
