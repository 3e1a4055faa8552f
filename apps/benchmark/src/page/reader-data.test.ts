import type { Document, Extraction } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import { readDocument, relatedPairs, withExplanations } from "./reader-data.ts";

const mention = (name: string, type: string, start: number): Document["entities"][number]["mentions"][number] => ({
  name,
  type,
  sentence: 0,
  start,
  end: start + 1,
});

/** Ada lives in Rome; Bob is named too. */
const document: Document = {
  id: "one",
  sentences: [["Ada", "of", "Rome", "met", "Bob"]],
  entities: [
    { mentions: [mention("Ada", "PER", 0)] },
    { mentions: [mention("Rome", "LOC", 2)] },
    { mentions: [mention("Bob", "PER", 4)] },
  ],
  relations: [
    { head: 0, tail: 1, relation: "lives in", evidence: [0] },
    { head: 0, tail: 2, relation: "knows", evidence: [] },
  ],
  labelled: true,
};

describe("readDocument", () => {
  it("lists what was found, the surest first, each right or wrong, then what was missed", () => {
    const found: Extraction = {
      task: "document",
      relations: [
        { documentId: "one", head: 2, tail: 1, relation: "lives in", score: 0.25 },
        { documentId: "one", head: 0, tail: 1, relation: "lives in", score: 0.75 },
        { documentId: "another", head: 0, tail: 1, relation: "lives in", score: 1 },
      ],
    };

    const { relations, entities } = readDocument(document, found);

    expect(relations).toEqual([
      { head: 0, tail: 1, relation: "lives in", verdict: "right", score: 0.75, evidence: [0] },
      { head: 2, tail: 1, relation: "lives in", verdict: "wrong", score: 0.25 },
      { head: 0, tail: 2, relation: "knows", verdict: "missed" },
    ]);
    expect(entities[1]).toEqual({ name: "Rome", type: "LOC", mentions: [[0, 2, 3]] });
  });

  it("judges nothing in documents without labels", () => {
    const relations = [{ documentId: "one", head: 0, tail: 1, relation: "lives in", score: 1 }];

    const read = readDocument({ ...document, relations: [], labelled: false }, { task: "document", relations });

    expect(read.relations.map(({ verdict }) => verdict)).toEqual(["unknown"]);
  });

  it("sets found spans beside labelled ones: right, of another type, missed, or labelled nowhere", () => {
    const span = (start: number, type: string): Extract<Extraction, { task: "sentence" }>["spans"][number] => {
      return { documentId: "one", sentence: 0, start, end: start + 1, type, score: 1 };
    };
    const place = (start: number): { sentence: number; start: number; end: number } => {
      return { sentence: 0, start, end: start + 1 };
    };
    const found: Extraction = {
      task: "sentence",
      spans: [span(0, "PER"), span(2, "ORG"), span(3, "ORG")],
      relations: [
        { documentId: "one", head: place(0), tail: place(2), relation: "lives in", score: 1 },
        { documentId: "one", head: place(0), tail: place(3), relation: "lives in", score: 0.5 },
      ],
    };

    const { entities, relations } = readDocument(document, found);

    expect(entities.map(({ name, type, verdict, foundType }) => [name, type, verdict, foundType])).toEqual([
      ["Ada", "PER", "right", undefined],
      ["Rome", "LOC", "wrong", "ORG"],
      ["Bob", "PER", "missed", undefined],
      ["met", "ORG", "wrong", undefined],
    ]);
    expect(relations.map(({ head, tail, verdict }) => [head, tail, verdict])).toEqual([
      [0, 1, "right"],
      [0, 3, "wrong"],
      [0, 2, "missed"],
    ]);
  });
});

describe("withExplanations", () => {
  it("gives a pair's explanation to each of its relations", () => {
    const found: Extraction = {
      task: "document",
      relations: [{ documentId: "one", head: 0, tail: 1, relation: "born in", score: 1 }],
    };
    const read = readDocument(document, found);

    const explained = withExplanations(read, [[[0, 1], { title: "Weights", words: [[0.123456, 0, 0, 0, 0]] }]]);

    expect(relatedPairs(read)).toEqual([
      [0, 1],
      [0, 2],
    ]);
    expect(explained.relations.map(({ relation, explanation }) => [relation, explanation?.words?.[0]?.[0]])).toEqual([
      ["born in", 0.1235],
      ["lives in", 0.1235],
      ["knows", undefined],
    ]);
  });
});
