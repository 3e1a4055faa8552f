import type { Document, Mention } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import { layOutMentions, wordPlaces } from "./mentions.ts";

const mention = (name: string, sentence: number, start: number, end: number, type = "PER"): Mention => {
  return { name, type, sentence, start, end };
};

/** "New York City Hall opened . / The Hall closed ." */
const sentences = [
  ["New", "York", "City", "Hall", "opened", "."],
  ["The", "Hall", "closed", "."],
];

const entitiesOf = (...mentions: Mention[][]): Pick<Document, "entities" | "sentences"> => ({
  sentences,
  entities: mentions.map((list) => ({ mentions: list })),
});

describe("layOutMentions", () => {
  it("numbers mentions entity after entity and gives each its tokens", () => {
    const document = entitiesOf(
      [mention("Hall", 0, 3, 4, "ORG"), mention("Hall", 1, 1, 2, "ORG")],
      [mention("York", 0, 1, 2)],
    );

    const layout = layOutMentions(document, wordPlaces(document));

    expect(layout.tokenMentions).toEqual([0, 3, 0, 1, 0, 0, 0, 2, 0, 0]);
    expect(layout.entityMentions).toEqual([[1, 2], [3]]);
    expect(layout.nodes).toEqual([
      { entity: -1, type: "", name: "" },
      { entity: 0, type: "ORG", name: "Hall" },
      { entity: 0, type: "ORG", name: "Hall" },
      { entity: 1, type: "PER", name: "York" },
    ]);
    expect(layout.sentenceMentions).toEqual([[1, 3], [2]]);
  });

  it("lets the later of two overlapping mentions have the tokens", () => {
    const document = entitiesOf([mention("New York City", 0, 0, 3)], [mention("City Hall", 0, 2, 4)]);

    const { tokenMentions } = layOutMentions(document, wordPlaces(document));

    expect(tokenMentions.slice(0, 5)).toEqual([1, 1, 2, 2, 0]);
  });

  it("keeps a mention that lost its tokens as a node, in no sentence", () => {
    const document = entitiesOf(
      [mention("City", 0, 2, 3), mention("Hall", 1, 1, 2)],
      [mention("New York City", 0, 0, 3)],
    );

    const { entityMentions, sentenceMentions } = layOutMentions(document, wordPlaces(document));

    expect(entityMentions).toEqual([[1, 2], [3]]);
    expect(sentenceMentions).toEqual([[3], [2]]);
  });

  it("takes a run of words for one mention only, the first entity's", () => {
    const document = entitiesOf([mention("Hall", 1, 1, 2)], [mention("Hall", 1, 1, 2)]);

    expect(layOutMentions(document, wordPlaces(document)).entityMentions).toEqual([[1], []]);
  });

  const document = entitiesOf(
    [mention("New York", 0, 0, 2)],
    [mention("Hall opened", 0, 3, 5)],
    [mention("Hall", 1, 1, 2)],
  );
  const wordStarts = [
    [1, 2, 3, 4, 5, 6, 7],
    [7, 8, 9, 10, 11],
  ];
  // One start token, four words, one end token.
  const cut = { wordStarts, textEnd: 5, tokenCount: 6 };

  it("cuts mentions with the text and drops those beyond it", () => {
    const { tokenMentions, entityMentions, sentenceMentions } = layOutMentions(document, cut);

    expect(tokenMentions).toEqual([0, 1, 1, 0, 2, 0]);
    expect(entityMentions).toEqual([[1], [2], []]);
    expect(sentenceMentions).toEqual([[1, 2], []]);
  });

  it("repeats what the released code does with cut mentions when asked", () => {
    const { tokenMentions, entityMentions } = layOutMentions(document, cut, "released");

    // The end token belongs to the cut mention, and the start token stands for the last entity.
    expect(tokenMentions).toEqual([3, 1, 1, 0, 2, 2]);
    expect(entityMentions).toEqual([[1], [2], [3]]);
  });
});
