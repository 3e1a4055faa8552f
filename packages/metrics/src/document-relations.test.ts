import { describe, expect, it } from "vitest";

import { documentOf, relationOf } from "./__fixtures__/documents.ts";
import { scoreDocumentRelations } from "./document-relations.ts";

/** The key that `trainFacts` of `@relatum/datasets` documents. */
const key = (head: string, tail: string, relation: string): string => JSON.stringify([head, tail, relation]);

describe("scoreDocumentRelations", () => {
  it("counts a relation as correct only in its document, its direction and under its name", () => {
    const gold = [documentOf("A", [[0, "r", 1]]), documentOf("B", [[2, "r", 3]])];
    const predicted = [
      relationOf("A", [0, "r", 1]),
      relationOf("B", [0, "r", 1]),
      relationOf("A", [1, "r", 0]),
      relationOf("A", [0, "s", 1]),
    ];

    const { all } = scoreDocumentRelations(gold, predicted);

    expect(all).toMatchObject({ correct: 1, predicted: 4, gold: 2, precision: 1 / 4, recall: 1 / 2 });
  });

  it("counts predictions that say the same once, whatever their scores", () => {
    const gold = [documentOf("A", [[0, "r", 1]])];
    const predicted = [relationOf("A", [0, "r", 1], 0.3), relationOf("A", [0, "r", 1], 0.9)];

    expect(scoreDocumentRelations(gold, predicted).all).toMatchObject({ correct: 1, predicted: 1, f1: 1 });
  });

  it("counts predictions for unknown documents and entities as wrong, across sentences", () => {
    const gold = [documentOf("A", [[0, "r", 1]])];
    const predicted = [relationOf("A", [0, "r", 1]), relationOf("Z", [0, "r", 1]), relationOf("A", [0, "r", 99])];

    const { all, withinSentence, acrossSentences } = scoreDocumentRelations(gold, predicted);

    expect(all.precision).toBe(1 / 3);
    expect(withinSentence).toMatchObject({ correct: 1, predicted: 1, gold: 1 });
    expect(acrossSentences).toMatchObject({ correct: 0, predicted: 2, gold: 0 });
  });

  it("counts a gold fact labelled twice once, and its evidence twice", () => {
    const fact = { head: 0, tail: 1, relation: "r" };
    const gold = [
      documentOf("A", [
        { ...fact, evidence: [0, 1] },
        { ...fact, evidence: [2] },
      ]),
    ];
    const predicted = [{ ...relationOf("A", [0, "r", 1]), evidence: [0, 2] }];

    const { all, evidence } = scoreDocumentRelations(gold, predicted);

    expect(all).toMatchObject({ correct: 1, gold: 1 });
    // The last label's evidence holds, so that sentence 0 is wrong; the total has all three sentences.
    expect(evidence).toMatchObject({ correct: 1, predicted: 2, gold: 3 });
  });

  it("counts evidence of wrong relations as predicted, but not that of unknown documents", () => {
    const gold = [documentOf("A", [{ head: 0, tail: 1, relation: "r", evidence: [4] }])];
    const predicted = [
      { ...relationOf("A", [0, "r", 1]), evidence: [4, 4] },
      { ...relationOf("A", [1, "r", 0]), evidence: [4] },
      { ...relationOf("Z", [0, "r", 1]), evidence: [4] },
    ];

    const { evidence } = scoreDocumentRelations(gold, predicted);

    expect(evidence).toMatchObject({ correct: 1, predicted: 2, gold: 1 });
  });

  it("takes the evidence of the first of the predictions that say the same", () => {
    const gold = [documentOf("A", [{ head: 0, tail: 1, relation: "r", evidence: [4] }])];
    const same = relationOf("A", [0, "r", 1]);
    const predicted = [
      { ...same, evidence: [4] },
      { ...same, evidence: [5] },
    ];

    expect(scoreDocumentRelations(gold, predicted).evidence).toMatchObject({ correct: 1, predicted: 1 });
  });

  it("adds one evidence sentence to the gold as the script of Re-DocRED does", () => {
    const gold = [documentOf("A", [{ head: 0, tail: 1, relation: "r", evidence: [4] }])];
    const predicted = [{ ...relationOf("A", [0, "r", 1]), evidence: [4] }];

    const { evidence } = scoreDocumentRelations(gold, predicted, { convention: "re-docred" });

    expect(evidence).toMatchObject({ precision: 1, recall: 1 / 2 });
  });

  it("takes seen relations out of precision and leaves recall alone", () => {
    const gold = [
      documentOf("A", [
        [0, "r", 1],
        [1, "r", 2],
        [2, "r", 3],
        [3, "r", 4],
      ]),
    ];
    const predicted = [relationOf("A", [0, "r", 1]), relationOf("A", [1, "r", 2]), relationOf("A", [5, "r", 6])];
    const trainFacts = new Set([key("A:0", "A:1", "r"), key("A:5", "A:6", "r")]); // the second is seen, but not correct

    const { ignoringTrain } = scoreDocumentRelations(gold, predicted, { trainFacts });

    const precision = (2 - 1) / (3 - 1 + 1e-5);
    const f1 = (2 * precision * 0.5) / (precision + 0.5);
    expect(ignoringTrain).toEqual({ precision, recall: 0.5, f1, correct: 1, predicted: 2, gold: 4 });
  });

  it("leaves the 1e-5 out of Ign precision as GAIN's script does", () => {
    const gold = [
      documentOf("A", [
        [0, "r", 1],
        [1, "r", 2],
      ]),
    ];
    const predicted = [relationOf("A", [0, "r", 1]), relationOf("A", [1, "r", 2])];
    const one = new Set([key("A:0", "A:1", "r")]);
    const both = new Set([...one, key("A:1", "A:2", "r")]);

    const precisionWith = (trainFacts: ReadonlySet<string>): number | undefined =>
      scoreDocumentRelations(gold, predicted, { trainFacts, convention: "gain" }).ignoringTrain?.precision;

    expect(precisionWith(one)).toBe(1);
    expect(precisionWith(both)).toBe(0);
  });

  it("takes a relation for seen if any name of its head with any name of its tail is", () => {
    const document = documentOf("A", [[0, "r", 1]]);
    const named = (name: string) => ({ name, type: "T", sentence: 0, start: 0, end: 1 });
    const entities = [{ mentions: [named("x"), named("y")] }, { mentions: [named("z"), named("w")] }];
    const trainFacts = new Set([key("y", "w", "r")]);

    const scores = scoreDocumentRelations([{ ...document, entities }], [relationOf("A", [0, "r", 1])], {
      trainFacts,
      distantFacts: new Set([key("w", "y", "r")]), // the other way round
    });

    expect(scores.ignoringTrain).toMatchObject({ correct: 0, predicted: 0, precision: 0 });
    expect(scores.ignoringDistant).toMatchObject({ correct: 1, predicted: 1, precision: 1 / (1 + 1e-5) });
  });

  it("has no Ign scores without the facts to ignore", () => {
    const scores = scoreDocumentRelations([documentOf("A", [[0, "r", 1]])], []);

    expect(scores.ignoringTrain).toBeUndefined();
    expect(scores.ignoringDistant).toBeUndefined();
  });

  it("parts relations by whether their entities meet in a sentence", () => {
    // Entities 0 and 1 meet in sentence 2, 0 and 2 nowhere.
    const gold = [
      documentOf(
        "A",
        [
          [0, "r", 1],
          [0, "r", 2],
        ],
        [[0, 2], [1, 2], [3]],
      ),
    ];
    const predicted = [relationOf("A", [0, "r", 1]), relationOf("A", [2, "r", 0]), relationOf("A", [1, "r", 2])];

    const { withinSentence, acrossSentences } = scoreDocumentRelations(gold, predicted);

    expect(withinSentence).toMatchObject({ correct: 1, predicted: 1, gold: 1 });
    expect(acrossSentences).toMatchObject({ correct: 0, predicted: 2, gold: 1 });
  });

  it("takes documents of one id for one, as the script does", () => {
    const gold = [
      documentOf("A", [[0, "r", 1]]),
      documentOf("A", [
        [0, "r", 1],
        [1, "r", 2],
      ]),
    ];

    const { all } = scoreDocumentRelations(gold, [relationOf("A", [0, "r", 1])]);

    expect(all).toMatchObject({ correct: 1, predicted: 1, gold: 2 });
  });

  it("gives zeros where nothing is predicted or nothing is gold", () => {
    const options = { trainFacts: new Set<string>() };
    const nothingFound = scoreDocumentRelations([documentOf("A", [[0, "r", 1]])], [], options);
    const nothingThere = scoreDocumentRelations([documentOf("A", [])], [relationOf("A", [0, "r", 1])], options);

    for (const { all, ignoringTrain, withinSentence, evidence } of [nothingFound, nothingThere]) {
      for (const scores of [all, ignoringTrain, withinSentence, evidence]) {
        expect(scores).toMatchObject({ precision: 0, recall: 0, f1: 0 });
      }
    }
  });

  it("refuses gold documents without labels, and says which", () => {
    const hidden = { ...documentOf("B", []), labelled: false };

    const scoring = (): unknown => scoreDocumentRelations([documentOf("A", []), hidden], []);

    expect(scoring).toThrow(TypeError);
    expect(scoring).toThrow('gold[1] must be labelled to score against, got "B" without labels.');
  });
});
