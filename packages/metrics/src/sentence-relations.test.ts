import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { documentOf } from "./__fixtures__/documents.ts";
import { type Place, type PlacedTriple, sentenceOf, spanOf, spanRelationOf } from "./__fixtures__/sentences.ts";
import { scoreSentenceLabels, scoreSentenceRelations, sentenceCountsByDocument } from "./sentence-relations.ts";
import { breakDownRelationErrors } from "./sentence-relations-errors.ts";
import type { FoundInSentences } from "./sentence-relations-tally.ts";

const [ONE, TWO, THREE]: readonly [Place, Place, Place] = [
  [0, 1],
  [2, 4],
  [5, 6],
];
const gold = [
  sentenceOf(
    "A",
    [
      [...ONE, "Method"],
      [...TWO, "Task"],
      [...THREE, "Method"],
    ],
    [
      [ONE, "USED-FOR", TWO],
      [ONE, "COMPARE", THREE],
    ],
  ),
];

function found(spans: readonly (readonly [Place, string])[], relations: readonly PlacedTriple[]): FoundInSentences {
  return {
    spans: spans.map(([place, type]) => spanOf("A", place, type)),
    relations: relations.map((triple) => spanRelationOf("A", triple)),
  };
}

describe("scoreSentenceRelations", () => {
  it("asks for place and type of an entity, and for places and name of a relation", () => {
    const spans = [
      [ONE, "Method"],
      [TWO, "Method"],
      [[2, 3], "Task"],
    ] as const;
    const relations: PlacedTriple[] = [
      [ONE, "USED-FOR", TWO],
      [TWO, "USED-FOR", ONE],
      [ONE, "USED-FOR", THREE],
      [ONE, "USED-FOR", [2, 3]],
    ];

    const scores = scoreSentenceRelations(gold, found(spans, relations));

    expect(scores.entities).toMatchObject({ correct: 1, predicted: 3, gold: 3, precision: 1 / 3, recall: 1 / 3 });
    expect(scores.relations).toMatchObject({ correct: 1, predicted: 4, gold: 2 });
    // The tail of the right one was taken for a method.
    expect(scores.strictRelations).toMatchObject({ correct: 0, predicted: 4, gold: 2 });
  });

  it("counts what is said twice once, as the paper, or twice, as the script", () => {
    const twice = found(
      [
        [ONE, "Method"],
        [ONE, "Method"],
        [TWO, "Task"],
      ],
      [
        [ONE, "USED-FOR", TWO],
        [ONE, "USED-FOR", TWO],
        [ONE, "USED-FOR", TWO],
      ],
    );

    const paper = scoreSentenceRelations(gold, twice);
    const script = scoreSentenceRelations(gold, twice, { convention: "pure" });

    expect(paper.entities).toMatchObject({ correct: 2, predicted: 2 });
    expect(paper.strictRelations).toMatchObject({ correct: 1, predicted: 1, gold: 2 });
    expect(script.entities).toMatchObject({ correct: 3, predicted: 3 });
    // More are right than there are.
    expect(script.strictRelations).toMatchObject({ correct: 3, predicted: 3, gold: 2, recall: 1.5 });
  });

  it("counts a gold relation that is labelled twice once, as the paper, or twice, as the script", () => {
    const [document] = gold;
    const repeated = [{ ...document!, relations: [...document!.relations, document!.relations[0]!] }];
    const one = found([], [[ONE, "USED-FOR", TWO]]);

    expect(scoreSentenceRelations(repeated, one).relations).toMatchObject({ correct: 1, gold: 2 });
    expect(scoreSentenceRelations(repeated, one, { convention: "pure" }).relations).toMatchObject({
      correct: 1,
      gold: 3,
    });
  });

  it("takes symmetric relations either way, each pair once", () => {
    const both = found(
      [
        [ONE, "Method"],
        [THREE, "Method"],
      ],
      [
        [THREE, "COMPARE", ONE],
        [ONE, "COMPARE", THREE],
        [TWO, "USED-FOR", ONE],
      ],
    );

    const directed = scoreSentenceRelations(gold, both);
    const symmetric = scoreSentenceRelations(gold, both, { symmetricRelations: ["COMPARE"] });

    expect(directed.relations).toMatchObject({ correct: 1, predicted: 3, gold: 2 });
    expect(symmetric.relations).toMatchObject({ correct: 1, predicted: 2, gold: 2 });
    expect(symmetric.strictRelations).toMatchObject({ correct: 1, predicted: 2, gold: 2 });
    expect(() => scoreSentenceRelations(gold, both, { convention: "pure", symmetricRelations: ["COMPARE"] })).toThrow(
      'symmetricRelations must be left out with the convention "pure", got COMPARE.',
    );
  });

  it("asks for the types that a relation was found with, or for any of its spans, as the script always does", () => {
    const spans = [
      [ONE, "Method"],
      [ONE, "Task"],
      [TWO, "Task"],
    ] as const;
    const plain = found(spans, [[ONE, "USED-FOR", TWO]]);
    const typed = { ...plain, relations: [{ ...plain.relations[0]!, headType: "Task", tailType: "Task" }] };

    expect(scoreSentenceRelations(gold, plain).strictRelations.correct).toBe(1);
    expect(scoreSentenceRelations(gold, typed).strictRelations.correct).toBe(0);
    expect(scoreSentenceRelations(gold, typed, { convention: "pure" }).strictRelations.correct).toBe(1);
  });

  it("takes any of several types of a gold span for right", () => {
    const labelled = [
      sentenceOf(
        "A",
        [
          [...ONE, "Method"],
          [...ONE, "Term"],
          [...TWO, "Task"],
        ],
        [[ONE, "USED-FOR", TWO]],
      ),
    ];
    const spans = [
      [ONE, "Term"],
      [TWO, "Task"],
    ] as const;

    const scores = scoreSentenceRelations(labelled, found(spans, [[ONE, "USED-FOR", TWO]]));

    expect(scores.entities).toMatchObject({ correct: 2, predicted: 2, gold: 3 });
    expect(scores.strictRelations).toMatchObject({ correct: 1 });
  });

  it("counts what is found in another sentence or an unknown document as wrong", () => {
    const relation = spanRelationOf("A", [ONE, "USED-FOR", TWO]);
    const spans = [spanOf("Z", ONE, "Method"), { ...spanOf("A", ONE, "Method"), sentence: 1 }];
    const relations = [
      { ...relation, documentId: "Z" },
      { ...relation, head: { ...relation.head, sentence: 1 } },
    ];

    const scores = scoreSentenceRelations(gold, { spans, relations });

    expect(scores.entities).toMatchObject({ correct: 0, predicted: 2, gold: 3 });
    expect(scores.relations).toMatchObject({ correct: 0, predicted: 2, gold: 2 });
  });

  it("gives zeros where nothing is found or nothing is gold", () => {
    const some = found([[ONE, "Method"]], [[ONE, "USED-FOR", TWO]]);

    for (const scores of [scoreSentenceRelations(gold, found([], [])), scoreSentenceRelations([], some)]) {
      for (const each of Object.values(scores)) expect(each).toMatchObject({ precision: 0, recall: 0, f1: 0 });
    }
  });

  it("refuses gold without labels, and entities of several mentions", () => {
    const hidden = { ...gold[0]!, labelled: false };
    const several = documentOf("B", [], [[0, 1]]);

    expect(() => scoreSentenceRelations([hidden], found([], []))).toThrow("gold[0] must be labelled to score against");
    expect(() => scoreSentenceRelations([gold[0]!, several], found([], []))).toThrow(
      "gold[1].entities[0] must have one mention to be scored as a span, got 2.",
    );
  });
});

describe("scoreSentenceLabels", () => {
  it("scores each type and each name, those with most gold first", () => {
    const spans = [
      [ONE, "Method"],
      [TWO, "Metric"],
    ] as const;
    const labels = scoreSentenceLabels(gold, found(spans, [[ONE, "COMPARE", THREE]]));

    expect(
      [...labels.entities].map(([type, { correct, predicted, gold: all }]) => [type, correct, predicted, all]),
    ).toEqual([
      ["Method", 1, 1, 2],
      ["Task", 0, 0, 1],
      ["Metric", 0, 1, 0],
    ]);
    expect([...labels.relations.keys()]).toEqual(["COMPARE", "USED-FOR"]);
    expect(labels.relations.get("COMPARE")).toMatchObject({ correct: 1, f1: 1 });
    expect(labels.strictRelations.get("COMPARE")).toMatchObject({ correct: 0, f1: 0 });
  });
});

const place = fc.constantFrom(ONE, TWO, THREE);
const typed = fc.tuple(place, fc.constantFrom("Method", "Task"));
const triples = fc.array(fc.tuple(place, fc.constantFrom("USED-FOR", "COMPARE"), place), { maxLength: 8 });
const documents = fc
  .array(fc.tuple(fc.array(typed, { maxLength: 6 }), triples), { minLength: 1, maxLength: 3 })
  .map((parts) =>
    parts.map(([spans, facts], index) =>
      sentenceOf(
        `D${index}`,
        spans.map(([at, type]) => [...at, type] as const),
        facts.filter(([head, , tail]) => [head, tail].every((at) => spans.some(([other]) => other === at))),
      ),
    ),
  );
/** `D3` is never gold. */
const predictions = fc
  .array(fc.tuple(fc.constantFrom("D0", "D1", "D2", "D3"), fc.array(typed, { maxLength: 6 }), triples), {
    maxLength: 6,
  })
  .map((parts): FoundInSentences => ({
    spans: parts.flatMap(([id, spans]) => spans.map(([at, type]) => spanOf(id, at, type))),
    relations: parts.flatMap(([id, , facts]) => facts.map((fact) => spanRelationOf(id, fact))),
  }));

describe("scores of any spans and relations", () => {
  it("sum to the whole by document, by label, and by cause of error", () => {
    fc.assert(
      fc.property(documents, predictions, fc.constantFrom([], ["COMPARE"]), (all, any, symmetricRelations) => {
        const options = { symmetricRelations };
        const scores = scoreSentenceRelations(all, any, options);
        const labels = scoreSentenceLabels(all, any, options);
        const errors = breakDownRelationErrors(all, any, options);

        for (const level of ["entities", "relations", "strictRelations"] as const) {
          const byDocument = sentenceCountsByDocument(all, any, level, options);
          for (const count of ["correct", "predicted", "gold"] as const) {
            expect(sum(byDocument.map((each) => each[count]))).toBe(scores[level][count]);
            expect(sum([...labels[level].values()].map((each) => each[count]))).toBe(scores[level][count]);
          }
        }
        expect(errors.correct).toBe(scores.relations.correct);
        expect(errors.correct - errors.mistyped).toBe(scores.strictRelations.correct);
        expect(errors.correct + sum(Object.values(errors.missed))).toBe(scores.relations.gold);
        expect(errors.correct + sum(Object.values(errors.spurious))).toBe(scores.relations.predicted);
      }),
    );
  });

  it("are perfect for the gold itself, and the same by either convention where nothing is repeated", () => {
    fc.assert(
      fc.property(documents, (all) => {
        const any: FoundInSentences = {
          spans: all.flatMap(({ id, entities }) =>
            entities.flatMap(({ mentions }) => mentions.map((each) => ({ documentId: id, score: 1, ...each }))),
          ),
          relations: all.flatMap(({ id, entities, relations }) =>
            relations.map(({ head, tail, relation }) => ({
              documentId: id,
              head: entities[head]!.mentions[0]!,
              tail: entities[tail]!.mentions[0]!,
              relation,
              score: 1,
            })),
          ),
        };

        for (const convention of ["paper", "pure"] as const) {
          for (const { correct, predicted, gold: every } of Object.values(
            scoreSentenceRelations(all, any, { convention }),
          )) {
            expect([correct, predicted]).toEqual([every, every]);
          }
        }
      }),
    );
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
