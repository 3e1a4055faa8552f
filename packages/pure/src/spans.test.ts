import { createHash } from "node:crypto";

import type { Document } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import { enumerateSpans, type LabelledSpan, labelledSpans, spansHash } from "./spans.ts";

describe("enumerateSpans", () => {
  it("lists spans by first word, then by length", () => {
    const spans = enumerateSpans(3, 2).map(({ start, end }) => [start, end]);

    expect(spans).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
      [1, 3],
      [2, 3],
    ]);
  });

  it.each([
    // n · L - L · (L - 1) / 2 where n is at least L, else n · (n + 1) / 2.
    [20, 8, 132],
    [8, 8, 36],
    [3, 8, 6],
    [0, 8, 0],
  ])("finds in %i words, %i at the most a span, %i spans", (words, longest, count) => {
    expect(enumerateSpans(words, longest)).toHaveLength(count);
  });
});

describe("labelledSpans", () => {
  const mention = (type: string, sentence: number, start: number, end: number) => {
    return { mentions: [{ name: "", type, sentence, start, end }] };
  };
  const document: Document = {
    id: "doubles",
    sentences: [["a", "b"], ["c"]],
    entities: [mention("Task", 1, 0, 1), mention("Method", 0, 0, 2), mention("Task", 0, 0, 2)],
    relations: [],
    labelled: true,
  };

  it("keeps both labels of a span, by sentence and in the order of the labels", () => {
    expect(labelledSpans(document, ["Method", "Task"])).toEqual([
      [
        { start: 0, end: 2, label: 1 },
        { start: 0, end: 2, label: 2 },
      ],
      [{ start: 0, end: 1, label: 2 }],
    ]);
  });

  it("names a type that is not listed", () => {
    expect(() => labelledSpans(document, ["Method"])).toThrow(
      new RangeError('entityTypes must hold the type of every entity, got "Task" in "doubles" besides.'),
    );
  });
});

describe("spansHash", () => {
  const first = { start: 0, end: 2, label: 1 };
  const second = { start: 1, end: 2, label: 0 };
  const spans: LabelledSpan[][][] = [[[first, second], []], [[first]]];

  it("is the SHA-256 of starts, ends and labels, whatever else a span has", async () => {
    const text = "[[[[0,2,1],[1,2,0]],[]],[[[0,2,1]]]]";

    const hash = await spansHash([[[{ ...first, score: 0.5 } as LabelledSpan, second], []], [[first]]]);

    expect(hash).toBe(createHash("sha256").update(text).digest("hex"));
    expect(await spansHash(spans)).toBe(hash);
  });

  it.each<[string, LabelledSpan[][][]]>([
    ["another label", [[[{ ...first, label: 2 }, second], []], [[first]]]],
    ["another end", [[[first, { ...second, end: 3 }], []], [[first]]]],
    ["another order", [[[second, first], []], [[first]]]],
    ["another sentence", [[[first], [second]], [[first]]]],
    ["a span less", [[[first, second], []], [[]]]],
  ])("tells %s", async (_, different) => {
    expect(await spansHash(different)).not.toBe(await spansHash(spans));
  });
});
