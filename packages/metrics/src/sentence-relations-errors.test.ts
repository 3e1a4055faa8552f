import { describe, expect, it } from "vitest";

import { type Place, type PlacedTriple, sentenceOf, spanOf, spanRelationOf } from "./__fixtures__/sentences.ts";
import { precisionRecallF1 } from "./counts.ts";
import { breakDownRelationErrors } from "./sentence-relations-errors.ts";
import { formatLabelScores, formatRelationErrors } from "./sentence-relations-report.ts";

const places: readonly Place[] = [0, 1, 2, 3, 4, 5].map((start) => [start, start + 1]);
const [A, B, C, D, E, F] = places as [Place, Place, Place, Place, Place, Place];

/** Every entity is a T; of the relations, each goes wrong in its own way below. */
const gold = [
  sentenceOf(
    "G",
    places.map((place) => [...place, "T"] as const),
    [
      [A, "r", B], // right, but for the type of B
      [A, "r", C], // C is not found
      [B, "r", D], // B has another type
      [D, "r", E], // found as s
      [E, "r", F], // found the other way round
      [A, "r", F], // not found
    ],
  ),
];
const nowhere: Place = [0, 2];
const found = {
  spans: [A, D, E, F, nowhere].map((place) => spanOf("G", place, "T")).concat(spanOf("G", B, "U")),
  relations: (
    [
      [A, "r", B],
      [nowhere, "r", D], // a span that is not gold
      [F, "s", B], // B has another type
      [D, "s", E],
      [F, "r", E],
      [D, "r", A], // nothing in the gold
    ] satisfies PlacedTriple[]
  ).map((triple) => spanRelationOf("G", triple)),
};

describe("breakDownRelationErrors", () => {
  it("gives each missed and each spurious relation the first cause that holds", () => {
    const once = { span: 1, type: 1, relation: 1, direction: 1, pair: 1 };

    expect(breakDownRelationErrors(gold, found)).toEqual({ correct: 1, mistyped: 1, missed: once, spurious: once });
  });

  it("takes a symmetric relation either way", () => {
    const errors = breakDownRelationErrors(gold, found, { symmetricRelations: ["r"] });

    expect(errors).toMatchObject({ correct: 2, missed: { direction: 0 }, spurious: { direction: 0 } });
  });

  it("blames the span for all relations of a document that is not gold", () => {
    const { spurious } = breakDownRelationErrors([], found);

    expect(spurious).toEqual({ span: 6, type: 0, relation: 0, direction: 0, pair: 0 });
  });
});

describe("formatRelationErrors", () => {
  it("shows columns that sum to the gold and to the found relations", () => {
    expect(formatRelationErrors(breakDownRelationErrors(gold, found), "text").split("\n")).toEqual([
      "Relations                                   Of gold  Of found",
      "──────────────────────────────────────────  ───────  ────────",
      "right                                             0         0",
      "right but for a type (wrong in Rel+ alone)        1         1",
      "head or tail is no span on the other side         1         1",
      "head or tail has another type                     1         1",
      "another relation                                  1         1",
      "the other direction                               1         1",
      "no relation on the other side                     1         1",
      "",
    ]);
  });
});

describe("formatLabelScores", () => {
  const scores = new Map([["USED-FOR", precisionRecallF1({ correct: 1, predicted: 2, gold: 4 })]]);

  it("shows scores in percent and counts, as Markdown", () => {
    expect(formatLabelScores("Relation", scores, "markdown")).toBe(
      [
        "| Relation |    F1 | Precision | Recall | Right | Found | Gold |",
        "| -------- | ----: | --------: | -----: | ----: | ----: | ---: |",
        "| USED-FOR | 33.33 |     50.00 |  25.00 |     1 |     2 |    4 |",
        "",
      ].join("\n"),
    );
  });

  it("shows the same as text", () => {
    expect(formatLabelScores("Relation", scores, "text")).toContain("USED-FOR  33.33      50.00   25.00");
  });
});
