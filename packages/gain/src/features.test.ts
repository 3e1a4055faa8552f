import type { Document, Mention } from "@relatum/datasets";
import { tinyBackbone } from "@relatum/encoders/testing";
import { describe, expect, it } from "vitest";

import { defineGainConfig, type GainConfig } from "./config.ts";
import { featurizeGainDocuments, type GainFeatures } from "./features.ts";

const { tokenizer } = tinyBackbone();
const config = defineGainConfig({ relations: ["likes", "knows"], entityTypes: ["ORG", "PER"] });
const [start, end] = [tokenizer.startIds[0] as number, tokenizer.endIds[0] as number];

const mention = (name: string, sentence: number, from: number, to: number, type = "PER"): Mention => {
  return { name, type, sentence, start: from, end: to };
};

/** "Ada Byron likes Acme . / Ada knows Cato ." with Ada (twice), Acme and Cato, whose type is not listed. */
const document: Document = {
  id: "example",
  sentences: [
    ["Ada", "Byron", "likes", "Acme", "."],
    ["Ada", "knows", "Cato", "."],
  ],
  entities: [
    { mentions: [mention("Ada Byron", 0, 0, 2), mention("Ada", 1, 0, 1)] },
    { mentions: [mention("Acme", 0, 3, 4, "ORG")] },
    { mentions: [mention("Cato", 1, 2, 3, "CAT")] },
  ],
  relations: [
    { head: 2, tail: 0, relation: "knows", evidence: [1] },
    { head: 0, tail: 1, relation: "likes", evidence: [0] },
    { head: 0, tail: 1, relation: "knows", evidence: [] },
    { head: 0, tail: 1, relation: "likes", evidence: [] },
  ],
  labelled: true,
};

async function featurize(changes: Partial<Document> = {}, settings: Partial<GainConfig> = {}): Promise<GainFeatures> {
  const [features] = await featurizeGainDocuments([{ ...document, ...changes }], tokenizer, { ...config, ...settings });
  return features as GainFeatures;
}

const ids = (...words: string[]): number[] => words.map((word) => tokenizer.tokenizeWord(word)[0] as number);

describe("featurizeGain", () => {
  it("says of each token which entity it names and of what type", async () => {
    const { tokenIds, tokenEntities, tokenTypes } = await featurize();

    const text = ids("Ada", "Byron", "likes", "Acme", ".", "Ada", "knows", "Cato", ".");
    expect(tokenIds).toEqual([start, ...text, end]);
    expect(tokenEntities).toEqual([0, 1, 1, 0, 2, 0, 1, 0, 3, 0, 0]);
    expect(tokenTypes).toEqual([0, 2, 2, 0, 1, 0, 2, 0, 0, 0, 0]);
  });

  it("numbers no entity beyond the greatest number", async () => {
    const { tokenEntities } = await featurize({}, { maxEntities: 2 });

    expect(tokenEntities).toEqual([0, 1, 1, 0, 2, 0, 1, 0, 0, 0, 0]);
  });

  it("lists labelled pairs first, as the data names them, then the rest by head", async () => {
    const { pairs, targets } = await featurize();

    expect(pairs.map(String)).toEqual(["2,0", "0,1", "0,2", "1,0", "1,2", "2,1"]);
    expect(targets).toEqual([[2], [1, 2], [0], [0], [0], [0]]);
  });

  it("keeps to the candidates of the data, in their order", async () => {
    const { pairs, targets } = await featurize({
      candidatePairs: [
        [1, 2],
        [0, 1],
      ],
    });

    expect(pairs.map(String)).toEqual(["1,2", "0,1"]);
    expect(targets).toEqual([[0], [1, 2]]);
  });

  it("gives an unlabelled document pairs and no targets", async () => {
    const features = await featurize({ relations: [], labelled: false });

    expect(features.pairs).toHaveLength(6);
    expect(features).not.toHaveProperty("targets");
  });

  it("cuts the text, and with it mentions, nodes and links", async () => {
    const { tokenIds, mentions, mentionGraph, entityGraph } = await featurize({}, { maxTokens: 6 });

    expect(tokenIds).toEqual([start, ...ids("Ada", "Byron", "likes", "Acme"), end]);
    expect(mentions.entityMentions).toEqual([[1], [2], []]);
    expect(mentionGraph.nodeCount).toBe(3);
    expect(entityGraph.edges).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it("names the document and the relation that the config lacks", async () => {
    const relations = [{ head: 0, tail: 1, relation: "hates", evidence: [] }];

    await expect(featurize({ relations })).rejects.toThrow(
      'document "example" must use the config\'s 2 relations only, got "hates".',
    );
  });
});
