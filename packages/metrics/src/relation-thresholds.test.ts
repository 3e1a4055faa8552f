import { describe, expect, it } from "vitest";

import { documentOf, relationOf } from "./__fixtures__/documents.ts";
import { scoreDocumentRelations } from "./document-relations.ts";
import { bestThresholdsPerRelation } from "./relation-thresholds.ts";
import { keepScored } from "./threshold.ts";

describe("bestThresholdsPerRelation", () => {
  it("parts right from wrong where one threshold for all could not", () => {
    // "sure" is right above 0.8 only, "shy" already above 0.2.
    const gold = [
      documentOf("A", [
        [0, "sure", 1],
        [1, "shy", 2],
        [2, "shy", 3],
      ]),
    ];
    const scored = [
      relationOf("A", [0, "sure", 1], 0.9),
      relationOf("A", [1, "sure", 0], 0.7),
      relationOf("A", [1, "shy", 2], 0.4),
      relationOf("A", [2, "shy", 3], 0.3),
      relationOf("A", [3, "shy", 2], 0.1),
    ];

    const thresholds = bestThresholdsPerRelation(gold, scored);

    expect(Object.fromEntries(thresholds)).toEqual({ shy: 0.3, sure: 0.9 });
    expect(scoreDocumentRelations(gold, keepScored(scored, thresholds)).all.f1).toBe(1);
  });

  it("lets a relation move again once others have moved", () => {
    // Alone against the start, one of three right is worth keeping in "a"; with "b" perfect it is not.
    const gold = [
      documentOf("A", [[0, "a", 1], ...Array.from({ length: 6 }, (_, head) => [head + 1, "b", 0] as const)]),
    ];
    const scored = [
      relationOf("A", [1, "a", 0], 0.8),
      relationOf("A", [2, "a", 0], 0.7),
      relationOf("A", [0, "a", 1], 0.6),
      ...Array.from({ length: 6 }, (_, head) => relationOf("A", [head + 1, "b", 0], 0.2)),
    ];

    const thresholds = bestThresholdsPerRelation(gold, scored, { start: 0.5 });
    const once = bestThresholdsPerRelation(gold, scored, { start: 0.5, rounds: 1 });

    // F1 with all of "a": 2 · 7 / (9 + 7) = 14/16; without: 2 · 6 / (6 + 7) = 12/13.
    expect(thresholds.get("b")).toBe(0.2);
    expect(once.get("a")).toBe(0.6);
    expect(keepScored(scored, thresholds).filter(({ relation }) => relation === "a")).toEqual([]);
  });

  it("gives a relation that is never right a finite threshold just above its scores", () => {
    const gold = [documentOf("A", [[0, "r", 1]])];
    const scored = [relationOf("A", [0, "r", 1], 0.9), relationOf("A", [0, "bad", 1], 0.95)];

    const threshold = bestThresholdsPerRelation(gold, scored).get("bad") ?? 0;

    expect(threshold).toBeGreaterThan(0.95);
    expect(threshold).toBeCloseTo(0.95, 12);
  });

  it("keeps the start for relations that have no candidates", () => {
    const gold = [
      documentOf("A", [
        [0, "r", 1],
        [0, "unscored", 1],
      ]),
    ];

    const thresholds = bestThresholdsPerRelation(gold, [relationOf("A", [0, "r", 1], 0.9)], { start: 0.35 });

    expect(thresholds.get("unscored")).toBe(0.35);
  });

  it("refuses rounds that are no positive integer", () => {
    expect(() => bestThresholdsPerRelation([], [], { start: 0.5, rounds: 0 })).toThrow(
      "rounds must be a positive integer, got 0.",
    );
  });
});
