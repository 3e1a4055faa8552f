import type { Document } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import { labelSpanPairs, listSpanPairs, pairKey } from "./relation-pairs.ts";

const [first, second, retyped] = [
  { start: 0, end: 1, label: 1 },
  { start: 2, end: 4, label: 2 },
  { start: 0, end: 1, label: 2 },
];

describe("listSpanPairs", () => {
  it("lists every ordered pair, head-major", () => {
    expect(listSpanPairs([first, second])).toEqual([
      { head: first, tail: second },
      { head: second, tail: first },
    ]);
  });

  it("counts a repeated span once, and pairs a span of two types with others only", () => {
    expect(listSpanPairs([first, first, second, retyped])).toEqual([
      { head: first, tail: second },
      { head: second, tail: first },
      { head: second, tail: retyped },
      { head: retyped, tail: second },
    ]);
  });

  it("pairs entries instead of spans as the release does", () => {
    expect(listSpanPairs([first, first, second], "released")).toHaveLength(6);
    expect(listSpanPairs([first, first], "released")).toEqual([
      { head: first, tail: first },
      { head: first, tail: first },
    ]);
  });
});

const mention = (start: number, sentence = 0): Document["entities"][number] => ({
  mentions: [{ name: "x", type: "Person", sentence, start, end: start + 1 }],
});

function documentWith(relations: readonly (readonly [head: number, tail: number, relation: string])[]): Document {
  return {
    id: "one",
    sentences: [
      ["a", "b", "c"],
      ["d", "e"],
    ],
    entities: [mention(0), mention(2), mention(1, 1)],
    relations: relations.map(([head, tail, relation]) => ({ head, tail, relation, evidence: [] })),
    labelled: true,
  };
}

const config = { relations: ["likes", "knows", "meets"], symmetricRelations: ["meets"] };
const [ahead, back] = [
  pairKey({ start: 0, end: 1 }, { start: 2, end: 3 }),
  pairKey({ start: 2, end: 3 }, { start: 0, end: 1 }),
];

describe("labelSpanPairs", () => {
  it("keeps all labels of a pair, in the order of the data", () => {
    const [labels] = labelSpanPairs(
      documentWith([
        [0, 1, "knows"],
        [0, 1, "likes"],
        [0, 1, "knows"],
      ]),
      config,
    );

    expect([...(labels as ReadonlyMap<string, readonly number[]>)]).toEqual([[ahead, [1, 2]]]);
  });

  it("gives a symmetric relation both directions, but lets the data have its say", () => {
    const one = labelSpanPairs(documentWith([[0, 1, "meets"]]), config);
    const both = labelSpanPairs(
      documentWith([
        [0, 1, "meets"],
        [1, 0, "likes"],
      ]),
      config,
    );

    expect([...(one[0] as ReadonlyMap<string, readonly number[]>)]).toEqual([
      [ahead, [3]],
      [back, [3]],
    ]);
    expect(both[0]?.get(back)).toEqual([1]);
  });

  it("passes over a relation between sentences", () => {
    expect(labelSpanPairs(documentWith([[0, 2, "likes"]]), config).map(({ size }) => size)).toEqual([0, 0]);
  });

  it("relates all mentions of two entities that share a sentence", () => {
    const document = documentWith([[0, 1, "likes"]]);
    const twice = { mentions: [...mention(0).mentions, ...mention(0, 1).mentions, ...mention(1).mentions] };

    const labels = labelSpanPairs({ ...document, entities: [twice, mention(2), mention(1, 1)] }, config);

    expect(labels.map(({ size }) => size)).toEqual([2, 0]);
  });

  it("refuses a relation that the config lacks", () => {
    expect(() => labelSpanPairs(documentWith([[0, 1, "hates"]]), config)).toThrow(
      new RangeError('relations must hold every relation, got "hates" in "one" besides.'),
    );
  });
});
