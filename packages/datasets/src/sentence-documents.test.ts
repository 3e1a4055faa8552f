import { describe, expect, it } from "vitest";

import type { Document } from "./document.ts";
import { sampleWorld } from "./sample-world.ts";
import { sentenceDocuments, withFoundSpans } from "./sentence-documents.ts";

const mention = (name: string, sentence: number, start: number) => ({
  name,
  type: "T",
  sentence,
  start,
  end: start + 1,
});

/** `A` stands twice in sentence 0 and once in 1, `B` in both, `C` in 1. */
const document: Document = {
  id: "D",
  sentences: [
    ["A", "B", "A"],
    ["C", "B", "A"],
  ],
  entities: [
    { mentions: [mention("A", 0, 0), mention("A", 1, 2), mention("A", 0, 2)], key: "MESH:1" },
    { mentions: [mention("B", 0, 1), mention("B", 1, 1)] },
    { mentions: [mention("C", 1, 0)] },
  ],
  relations: [],
  labelled: true,
  candidatePairs: [[0, 1]],
  extras: { title: "x" },
};

describe("sentenceDocuments", () => {
  it("makes an entity of each mention, in order of the text, and drops keys and candidate pairs", () => {
    const [made] = sentenceDocuments([document]);

    expect(made).toEqual({
      id: "D",
      sentences: document.sentences,
      entities: [
        { mentions: [mention("A", 0, 0)] },
        { mentions: [mention("B", 0, 1)] },
        { mentions: [mention("A", 0, 2)] },
        { mentions: [mention("C", 1, 0)] },
        { mentions: [mention("B", 1, 1)] },
        { mentions: [mention("A", 1, 2)] },
      ],
      relations: [],
      labelled: true,
      extras: { title: "x" },
    });
  });

  it("repeats a relation for every two mentions in a sentence of its evidence", () => {
    const evident = { head: 0, tail: 1, relation: "r", evidence: [0] };

    const [made] = sentenceDocuments([{ ...document, relations: [evident] }]);

    expect(made?.relations).toEqual([
      { head: 0, tail: 1, relation: "r", evidence: [0] },
      { head: 2, tail: 1, relation: "r", evidence: [0] },
    ]);
  });

  it("takes every sentence that names both where no evidence is told, and drops what no sentence names", () => {
    const facts = [
      { head: 1, tail: 0, relation: "r", evidence: [] },
      { head: 0, tail: 2, relation: "s", evidence: [0] },
    ];

    const [made] = sentenceDocuments([{ ...document, relations: facts }]);

    expect(made?.relations).toEqual([
      { head: 1, tail: 0, relation: "r", evidence: [0] },
      { head: 1, tail: 2, relation: "r", evidence: [0] },
      { head: 4, tail: 5, relation: "r", evidence: [1] },
    ]);
  });

  it("keeps just the facts that the sample world states in one sentence", () => {
    const { documents, kinds } = sampleWorld({ seed: 3, documents: 40 });
    const intraCount = kinds.flat().filter((kind) => kind === "intra").length;

    const made = sentenceDocuments(documents);

    expect(made.flatMap(({ relations }) => relations)).toHaveLength(intraCount);
  });

  it("gives back what is sentence-level already", () => {
    const [made] = sentenceDocuments([document]);

    expect(sentenceDocuments([made!])[0]).toBe(made);
  });
});

describe("withFoundSpans", () => {
  const [gold] = sentenceDocuments([
    { ...document, relations: [{ head: 0, tail: 2, relation: "s", evidence: [1] }] },
  ]) as [Document];
  const span = (sentence: number, start: number, type = "T") => ({
    documentId: "D",
    sentence,
    start,
    end: start + 1,
    type,
    score: 0.5,
  });

  it("takes found spans for entities, sentence by sentence, and keeps relations between them whatever their types", () => {
    const [found] = withFoundSpans([gold], [span(1, 2, "U"), span(0, 1), span(1, 0)]);

    expect(found?.entities.map(({ mentions }) => mentions[0])).toEqual([
      mention("B", 0, 1),
      { ...mention("A", 1, 2), type: "U" },
      mention("C", 1, 0),
    ]);
    expect(found?.relations).toEqual([{ head: 1, tail: 2, relation: "s", evidence: [1] }]);
    expect(found).toMatchObject({ labelled: true, extras: { title: "x" } });
  });

  it("loses a relation whose head or tail was not found", () => {
    expect(withFoundSpans([gold], [span(1, 2)])[0]?.relations).toEqual([]);
    expect(withFoundSpans([gold], [])[0]).toMatchObject({ entities: [], relations: [] });
  });

  it("refuses spans of other documents or outside their sentence, and entities of several mentions", () => {
    const related = { ...document, relations: [{ head: 0, tail: 1, relation: "r", evidence: [] }] };

    expect(() => withFoundSpans([gold], [{ ...span(0, 0), documentId: "E" }])).toThrow(
      'spans must be of the documents given, got one of "E".',
    );
    expect(() => withFoundSpans([gold], [span(0, 3)])).toThrow(
      'spans of "D" must lie inside their sentences, got 3–4 in sentence 0 (3 words).',
    );
    expect(() => withFoundSpans([gold, gold], [])).toThrow("must have different ids");
    expect(() => withFoundSpans([related], [])).toThrow("D: entity 0 must have one mention, got 3.");
  });
});
