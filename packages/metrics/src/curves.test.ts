import { describe, expect, it } from "vitest";

import { documentOf, relationOf } from "./__fixtures__/documents.ts";
import { precisionRecallCurve, trapezoidArea } from "./curves.ts";

const gold = [
  documentOf("A", [
    [0, "r", 1],
    [1, "r", 2],
  ]),
];
const right = (score: number) => relationOf("A", [0, "r", 1], score);
const alsoRight = (score: number) => relationOf("A", [1, "r", 2], score);
const wrong = (score: number) => relationOf("A", [2, "r", 3], score);

describe("precisionRecallCurve", () => {
  it("has a point for each score, from the highest down", () => {
    const curve = precisionRecallCurve(gold, [alsoRight(0.2), wrong(0.5), right(0.9)]);

    expect([...curve.thresholds]).toEqual([0.9, 0.5, 0.2]);
    expect([...curve.recalls]).toEqual([1 / 2, 1 / 2, 1]);
    expect([...curve.precisions]).toEqual([1, 1 / 2, 2 / 3]);
    expect(curve.area).toBeCloseTo((1 / 2) * ((1 / 2 + 2 / 3) / 2), 12);
    expect(curve.ignoringTrain).toBeUndefined();
  });

  it("has one point for candidates of equal score, whatever their order", () => {
    const one = precisionRecallCurve(gold, [right(0.5), wrong(0.5), alsoRight(0.1)]);
    const other = precisionRecallCurve(gold, [wrong(0.5), alsoRight(0.1), right(0.5)]);

    expect([...one.precisions]).toEqual([1 / 2, 2 / 3]);
    expect(other).toEqual(one);
  });

  it("takes the highest score of candidates that say the same", () => {
    const curve = precisionRecallCurve(gold, [right(0.1), wrong(0.5), right(0.9)]);

    expect([...curve.thresholds]).toEqual([0.9, 0.5]);
  });

  it("leaves facts known from training out of the precision of its Ign curve", () => {
    const trainFacts = new Set([JSON.stringify(["A:0", "A:1", "r"])]);
    const scored = [right(0.9), wrong(0.5), alsoRight(0.2)];

    const { ignoringTrain } = precisionRecallCurve(gold, scored, { trainFacts, convention: "gain" });

    expect([...(ignoringTrain?.precisions ?? [])]).toEqual([0, 0, 1 / 2]);
    expect(ignoringTrain?.area).toBe((1 / 2) * ((0 + 1 / 2) / 2));
  });

  it("refuses scores that are no numbers, and nothing at all", () => {
    expect(() => precisionRecallCurve(gold, [right(0.9), wrong(NaN)])).toThrow(
      "scored[1].score must be a number, got NaN.",
    );
    expect(() => precisionRecallCurve(gold, [])).toThrow("scored must hold a candidate, got none.");
  });
});

describe("trapezoidArea", () => {
  it("adds nothing before the first point or after the last", () => {
    expect(trapezoidArea([0.25, 0.75], [1, 0.5])).toBe(0.5 * 0.75);
    expect(trapezoidArea([0.5], [1])).toBe(0);
    expect(trapezoidArea([], [])).toBe(0);
  });
});
