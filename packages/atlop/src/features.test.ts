import type { Document, Mention } from "@relatum/datasets";
import { tinyBackbone } from "@relatum/encoders/testing";
import { describe, expect, it } from "vitest";

import { type AtlopConfig, defineAtlopConfig } from "./config.ts";
import { type AtlopFeatures, featurizeAtlopDocuments } from "./features.ts";

const { tokenizer } = tinyBackbone();
const config = defineAtlopConfig({ relations: ["likes", "knows"] });
const marker = tokenizer.id("*");
const [start, end] = [tokenizer.startIds[0] as number, tokenizer.endIds[0] as number];

const mention = (name: string, sentence: number, from: number, to: number): Mention => {
  return { name, type: "PER", sentence, start: from, end: to };
};

/** "Ada Byron likes Bela . / Ada knows Cato ." with Ada (twice), Bela and Cato. */
const document: Document = {
  id: "example",
  sentences: [
    ["Ada", "Byron", "likes", "Bela", "."],
    ["Ada", "knows", "Cato", "."],
  ],
  entities: [
    { mentions: [mention("Ada Byron", 0, 0, 2), mention("Ada", 1, 0, 1)] },
    { mentions: [mention("Bela", 0, 3, 4)] },
    { mentions: [mention("Cato", 1, 2, 3)] },
  ],
  relations: [
    { head: 2, tail: 0, relation: "knows", evidence: [1] },
    { head: 0, tail: 1, relation: "likes", evidence: [0] },
    { head: 0, tail: 1, relation: "knows", evidence: [] },
    { head: 0, tail: 1, relation: "likes", evidence: [] },
  ],
  labelled: true,
};

async function featurize(changes: Partial<Document> = {}, settings: AtlopConfig = config): Promise<AtlopFeatures> {
  const [features] = await featurizeAtlopDocuments([{ ...document, ...changes }], tokenizer, settings);
  return features as AtlopFeatures;
}

const ids = (...words: string[]): number[] =>
  words.map((word) => (word === "*" ? marker : (tokenizer.tokenizeWord(word)[0] as number)));

describe("featurizeAtlop", () => {
  it("wraps mentions in markers and points at the opening ones", async () => {
    const { tokenIds, mentionStarts } = await featurize();

    const first = ids("*", "Ada", "Byron", "*", "likes", "*", "Bela", "*", ".");
    const second = ids("*", "Ada", "*", "knows", "*", "Cato", "*", ".");
    expect(tokenIds).toEqual([start, ...first, ...second, end]);
    expect(mentionStarts).toEqual([[1, 10], [6], [14]]);
  });

  it("puts one marker where two mentions start", async () => {
    const entities = [{ mentions: [mention("Ada Byron", 0, 0, 2)] }, { mentions: [mention("Ada", 0, 0, 1)] }];

    const { tokenIds, mentionStarts } = await featurize({ entities, relations: [] });

    expect(tokenIds.slice(1, 6)).toEqual(ids("*", "Ada", "*", "Byron", "*"));
    expect(mentionStarts).toEqual([[1], [1]]);
  });

  it("points at first words where there are no markers", async () => {
    const { tokenIds, mentionStarts } = await featurize({}, { ...config, entityMarkers: false });

    expect(tokenIds).not.toContain(marker);
    expect(mentionStarts).toEqual([[1, 6], [4], [8]]);
  });

  it("lists labelled pairs first, as the data names them, then the rest by head", async () => {
    const { pairs, targets } = await featurize();

    expect(pairs).toEqual([
      [2, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 2],
      [2, 1],
    ]);
    expect(targets).toEqual([[2], [1, 2], [0], [0], [0], [0]]);
  });

  it("keeps to the candidates of the data, in their order", async () => {
    const { pairs, targets } = await featurize({
      candidatePairs: [
        [1, 2],
        [0, 1],
      ],
    });

    expect(pairs).toEqual([
      [1, 2],
      [0, 1],
    ]);
    expect(targets).toEqual([[0], [1, 2]]);
  });

  it("gives an unlabelled document pairs and no targets", async () => {
    const features = await featurize({ relations: [], labelled: false });

    expect(features.pairs).toHaveLength(6);
    expect(features).not.toHaveProperty("targets");
  });

  it("cuts the text and leaves mentions where they were", async () => {
    const { tokenIds, mentionStarts } = await featurize({}, { ...config, maxTokens: 8 });

    expect(tokenIds).toEqual([start, ...ids("*", "Ada", "Byron", "*", "likes", "*"), end]);
    expect(mentionStarts).toEqual([[1, 10], [6], [14]]);
  });

  it("names the document and the relation that the config lacks", async () => {
    const relations = [{ head: 0, tail: 1, relation: "hates", evidence: [] }];

    await expect(featurize({ relations })).rejects.toThrow(
      'document "example" must use the config\'s 2 relations only, got "hates".',
    );
  });
});
