import { describe, expect, it } from "vitest";

import type { Document } from "./document.ts";
import { labelPairs } from "./label-pairs.ts";

const fact = (head: number, tail: number, relation: string) => ({ head, tail, relation, evidence: [] });
const document: Document = {
  id: "one",
  sentences: [["a", "b", "c"]],
  entities: [0, 1, 2].map((start) => ({
    mentions: [{ name: "x", type: "PER", sentence: 0, start, end: start + 1 }],
  })),
  relations: [fact(2, 0, "likes"), fact(0, 1, "knows"), fact(2, 0, "knows"), fact(2, 0, "likes")],
  labelled: true,
};

describe("labelPairs", () => {
  it("lists related pairs first, as the data names them, and all labels of a pair in rising order, once", () => {
    expect(labelPairs(document, ["knows", "likes"])).toEqual({
      pairs: [
        [2, 0],
        [0, 1],
        [0, 2],
        [1, 0],
        [1, 2],
        [2, 1],
      ],
      targets: [[1, 2], [1], [0], [0], [0], [0]],
    });
  });

  it("keeps to candidate pairs and their order", () => {
    const candidatePairs = [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const;

    expect(labelPairs({ ...document, candidatePairs }, ["knows", "likes"])).toEqual({
      pairs: candidatePairs,
      targets: [[1], [0], [1, 2]],
    });
  });

  it("gives no targets where there are no labels", () => {
    const { pairs, targets } = labelPairs({ ...document, relations: [], labelled: false }, ["knows"]);

    expect(pairs).toHaveLength(6);
    expect(targets).toBeUndefined();
  });

  it("refuses a relation that is not listed, and names it and the document", () => {
    expect(() => labelPairs(document, ["knows"])).toThrow(
      'document "one" must use the config\'s 1 relations only, got "likes". Add it to relations, or take the fact out of the document.',
    );
  });
});
