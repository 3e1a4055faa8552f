import { describe, expect, it } from "vitest";

import { documentOf, relationOf } from "./__fixtures__/documents.ts";
import { bestGlobalThreshold, bestThreshold, keepScored } from "./threshold.ts";

const gold = [
  documentOf("A", [
    [0, "r", 1],
    [1, "r", 2],
    [2, "s", 3],
  ]),
];
const scored = [
  relationOf("A", [3, "r", 4], 0.3),
  relationOf("A", [0, "r", 1], 0.9),
  relationOf("A", [5, "r", 6], 0.6),
  relationOf("A", [2, "s", 3], 0.4),
];

describe("bestThreshold", () => {
  it("takes the score whose best candidates have the highest F1", () => {
    // F1 by number kept: 1/2, 2/5, 4/6, 4/7.
    const { threshold, scores } = bestThreshold(gold, scored);

    expect(threshold).toBe(0.4);
    expect(scores.all).toMatchObject({ correct: 2, predicted: 3, gold: 3 });
  });

  it("can maximize Ign F1 instead", () => {
    const trainFacts = new Set([JSON.stringify(["A:0", "A:1", "r"])]);
    const candidates = [
      relationOf("A", [0, "r", 1], 0.9),
      ...[4, 5, 6].map((head) => relationOf("A", [head, "r", 0], 0.5)),
      relationOf("A", [2, "s", 3], 0.4),
    ];

    const plain = bestThreshold(gold, candidates, { trainFacts });
    const unseen = bestThreshold(gold, candidates, { trainFacts, maximize: "ignoringTrain", convention: "gain" });

    // F1 is 2/4, 2/7 and 4/8; without the seen fact precision is 0, 0 and 1/4.
    expect(plain.threshold).toBe(0.9);
    expect(unseen.threshold).toBe(0.4);
    expect(unseen.scores.ignoringTrain).toMatchObject({ correct: 1, predicted: 4, precision: 1 / 4, recall: 2 / 3 });
  });

  it("takes the highest of equally good thresholds", () => {
    const single = [
      documentOf("A", [
        [0, "r", 1],
        [1, "r", 2],
      ]),
    ];
    // F1 by number kept: 2/3, 2/4, 2/5, 4/6.
    const candidates = [
      relationOf("A", [0, "r", 1], 4),
      relationOf("A", [5, "r", 1], 3),
      relationOf("A", [6, "r", 1], 2),
      relationOf("A", [1, "r", 2], 1),
    ];

    expect(bestThreshold(single, candidates).threshold).toBe(4);
  });

  it("does not part candidates of equal score", () => {
    const single = [documentOf("A", [[0, "r", 1]])];
    const candidates = [relationOf("A", [0, "r", 1], 0.5), relationOf("A", [1, "r", 0], 0.5)];

    expect(bestThreshold(single, candidates).scores.all).toMatchObject({ correct: 1, predicted: 2 });
  });

  it("refuses to maximize Ign F1 without train facts, and to search nothing", () => {
    expect(() => bestThreshold(gold, scored, { maximize: "ignoringTrain" })).toThrow(
      "trainFacts must be given to maximize ignoringTrain, got none.",
    );
    expect(() => bestThreshold(gold, [])).toThrow(RangeError);
  });
});

describe("bestGlobalThreshold", () => {
  it("tries 0.1 to 0.9 and takes the first of the best", () => {
    // 0.4 keeps three, as the best threshold does; 0.1 to 0.3 keep all four.
    const { threshold, scores } = bestGlobalThreshold(gold, scored);

    expect(threshold).toBe(0.4);
    expect(scores.all).toMatchObject({ correct: 2, predicted: 3 });
  });

  it("tries the thresholds it is given, in their order", () => {
    expect(bestGlobalThreshold(gold, scored, { candidates: [0.8, 0.7] }).threshold).toBe(0.8);
    expect(bestGlobalThreshold(gold, scored, { candidates: [0.95, 0.7] }).threshold).toBe(0.7);
    expect(() => bestGlobalThreshold(gold, scored, { candidates: [] })).toThrow(RangeError);
  });
});

describe("keepScored", () => {
  it("keeps what scores at least the threshold, or strictly above it", () => {
    expect(keepScored(scored, 0.6).map(({ score }) => score)).toEqual([0.9, 0.6]);
    expect(keepScored(scored, 0.6, { strictly: true }).map(({ score }) => score)).toEqual([0.9]);
  });

  it("takes a threshold by relation, and leaves out relations without one unless told otherwise", () => {
    const thresholds = new Map([["r", 0.6]]);

    expect(keepScored(scored, thresholds).map(({ score }) => score)).toEqual([0.9, 0.6]);
    expect(keepScored(scored, thresholds, { otherwise: 0.4 }).map(({ score }) => score)).toEqual([0.9, 0.6, 0.4]);
  });
});
