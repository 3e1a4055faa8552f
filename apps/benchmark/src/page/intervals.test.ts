import type { Document } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import { comparePairs, intervalOf } from "./intervals.ts";
import type { Setting } from "./settings.ts";

/** Twenty documents with one fact each. */
const documents = Array.from({ length: 20 }, (_, index): Document => ({
  id: `document ${index}`,
  sentences: [["Ada", "Rome"]],
  entities: [
    { mentions: [{ name: "Ada", type: "PER", sentence: 0, start: 0, end: 1 }] },
    { mentions: [{ name: "Rome", type: "LOC", sentence: 0, start: 1, end: 2 }] },
  ],
  relations: [{ head: 0, tail: 1, relation: "lives in", evidence: [] }],
  labelled: true,
}));

/** A setting whose runs, by their seeds, find the facts of so many documents. */
function settingOf(label: string, found: Readonly<Record<number, number>>, fingerprint = "same"): Setting {
  const runs = Object.entries(found).map(([seed, count]) => {
    const relations = documents
      .slice(0, count)
      .map(({ id }) => ({ documentId: id, head: 0, tail: 1, relation: "lives in", score: 1 }));
    return {
      config: { data: { development: fingerprint }, seed: Number(seed) },
      predictions: { development: { task: "document", relations } },
    };
  });
  return { label, task: "document", dataset: "Towns", gold: { development: documents }, runs } as unknown as Setting;
}

describe("intervalOf", () => {
  it("reaches around F1, in percent, and is a point where every document is alike", () => {
    const half = intervalOf(settingOf("half", { 7: 10 }), "development");
    const whole = intervalOf(settingOf("whole", { 7: 20, 8: 20 }), "development");

    // Ten of twenty facts, nothing wrong: precision 1, recall 0.5, F1 66.7.
    expect(half?.low).toBeLessThan(66.7);
    expect(half?.high).toBeGreaterThan(66.7);
    expect(whole).toEqual({ low: 100, high: 100 });
  });

  it("is absent where the documents are", () => {
    expect(intervalOf({ ...settingOf("half", { 7: 10 }), gold: "not found" }, "development")).toBeUndefined();
    expect(intervalOf(settingOf("half", { 7: 10 }), "test")).toBeUndefined();
  });
});

describe("comparePairs", () => {
  it("tests two settings on the seeds that both have", () => {
    const [comparison] = comparePairs([[settingOf("whole", { 6: 0, 7: 20 }), settingOf("half", { 7: 10, 8: 20 })]]);

    expect(comparison).toMatchObject({ seeds: 1, split: "development" });
    expect(comparison?.difference).toBeCloseTo(100 - 200 / 3, 6);
    expect(comparison?.interval.low).toBeGreaterThan(0);
    expect(comparison?.pValue).toBeLessThan(0.01);
  });

  it("compares nothing that was scored on other documents, or with other seeds alone", () => {
    const whole = settingOf("whole", { 7: 20 });

    expect(comparePairs([[whole, settingOf("half", { 7: 10 }, "other")]])).toEqual([]);
    expect(comparePairs([[whole, settingOf("half", { 8: 10 })]])).toEqual([]);
  });
});
