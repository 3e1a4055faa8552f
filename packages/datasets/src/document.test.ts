import { describe, expect, it } from "vitest";

import { type Document, documentPairs, withoutLabels } from "./document.ts";

const mention = { name: "Ada", type: "PER", sentence: 0, start: 0, end: 1 };
const document: Document = {
  id: "one",
  sentences: [["Ada"]],
  entities: [{ mentions: [mention] }, { mentions: [mention] }, { mentions: [mention] }],
  relations: [],
  labelled: true,
};

describe("withoutLabels", () => {
  it("keeps text, entities and candidates and forgets the relations", () => {
    const unlabelled: Document = { ...document, candidatePairs: [[2, 0]], labelled: false };
    const relations = [{ head: 0, tail: 1, relation: "knows", evidence: [] }];
    expect(withoutLabels({ ...unlabelled, relations, labelled: true })).toEqual(unlabelled);
  });
});

describe("documentPairs", () => {
  it("pairs every entity with every other one, head-major", () => {
    expect(documentPairs(document)).toEqual([
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 2],
      [2, 0],
      [2, 1],
    ]);
  });

  it("keeps to the candidates where the data set fixes them", () => {
    expect(documentPairs({ ...document, candidatePairs: [[2, 0]] })).toEqual([[2, 0]]);
    expect(documentPairs({ ...document, candidatePairs: [] })).toEqual([]);
  });
});
