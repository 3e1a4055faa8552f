import type { Document } from "@relatum/datasets";
import { tinyBackbone } from "@relatum/encoders/testing";
import { describe, expect, it } from "vitest";

import { definePureConfig, type PureConfig } from "./config.ts";
import { featurizePureEntities, featurizePureEntityDocuments, type PureEntityFeatures } from "./entity-features.ts";

const { tokenizer } = tinyBackbone(1);

const document: Document = {
  id: "trees",
  sentences: [["oaks", "and", "elms"], ["fall"]],
  entities: ["Tree", "Plant"].map((type) => ({
    mentions: [{ name: "oaks", type, sentence: 0, start: 0, end: 1 }],
  })),
  relations: [],
  labelled: true,
};

function featurize(settings: Partial<PureConfig> = {}, changes: Partial<Document> = {}): Promise<PureEntityFeatures[]> {
  const config = definePureConfig({
    entityTypes: ["Plant", "Tree"],
    relations: ["near"],
    maxSpanWords: 2,
    entityContextWords: 0,
    ...settings,
  });
  return featurizePureEntityDocuments([{ ...document, ...changes }], tokenizer, config);
}

describe("featurizePureEntities", () => {
  it("lists spans with their tokens and labels, sentence by sentence", async () => {
    const [first, second] = await featurize();

    const [oaks, and, elms, fall] = document.sentences.flat().map((word) => tokenizer.tokenizeWord(word)[0]);
    expect(first).toEqual({
      documentId: "trees",
      sentence: 0,
      tokenIds: [...tokenizer.startIds, oaks, and, elms, ...tokenizer.endIds],
      wordCount: 3,
      wordStarts: [1, 2, 3],
      wordEnds: [1, 2, 3],
      spans: [
        { start: 0, end: 1 },
        { start: 0, end: 2 },
        { start: 1, end: 2 },
        { start: 1, end: 3 },
        { start: 2, end: 3 },
      ],
      // Of "Tree" (2) and "Plant" (1) on the first span the last one counts.
      labels: [1, 0, 0, 0, 0],
    });
    expect(second?.tokenIds).toEqual([...tokenizer.startIds, fall, ...tokenizer.endIds]);
  });

  it("finds a sentence's words behind the context before it", async () => {
    const [, second] = await featurize({ entityContextWords: 4 });

    // Room for three words, one of them from before.
    expect(second?.tokenIds).toHaveLength(4);
    expect(second).toMatchObject({ wordCount: 2, wordStarts: [2], wordEnds: [2], spans: [{ start: 0, end: 1 }] });
  });

  it("gives words of several tokens their first and last one", async () => {
    await tokenizer.prepare(document.sentences.flat());
    const doubled = { ...tokenizer, startIds: [2], endIds: [3], tokenizeWord: () => [7, 8] } as typeof tokenizer;
    const config = definePureConfig({ entityTypes: ["Plant", "Tree"], relations: ["near"], entityContextWords: 0 });

    const [first] = featurizePureEntities(document, doubled, config);

    expect(first).toMatchObject({ wordStarts: [1, 3, 5], wordEnds: [2, 4, 6], tokenIds: [2, 7, 8, 7, 8, 7, 8, 3] });
  });

  it("has no labels for a document without", async () => {
    const [first] = await featurize({}, { labelled: false });

    expect(first).not.toHaveProperty("labels");
  });

  it("passes over labels on spans that are too long", async () => {
    const mention = { name: "oaks and elms", type: "Plant", sentence: 0, start: 0, end: 3 };

    const [first] = await featurize({}, { entities: [{ mentions: [mention] }] });

    expect(first?.labels).toEqual([0, 0, 0, 0, 0]);
  });
});
