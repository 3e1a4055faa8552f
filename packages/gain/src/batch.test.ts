import type { Document, Mention } from "@relatum/datasets";
import { tinyBackbone } from "@relatum/encoders/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { collateGain, countGainTokens, type GainBatch } from "./batch.ts";
import { defineGainConfig, type GainConfig } from "./config.ts";
import { featurizeGainDocuments, type GainFeatures } from "./features.ts";

const { tokenizer } = tinyBackbone();
const config = defineGainConfig({ relations: ["likes"] });

const at = (sentence: number, start: number, end: number): Mention => {
  return { name: "", type: "PER", sentence, start, end };
};

/** "Ada Byron likes Bela / Ada" with Ada (twice) and Bela. */
const document: Document = {
  id: "example",
  sentences: [["Ada", "Byron", "likes", "Bela"], ["Ada"]],
  entities: [{ mentions: [at(0, 0, 2), at(1, 0, 1)] }, { mentions: [at(0, 3, 4)] }],
  relations: [{ head: 0, tail: 1, relation: "likes", evidence: [] }],
  labelled: true,
};
const small: Document = { ...document, id: "small", sentences: [["Ada"]], entities: [], relations: [] };

const featurize = (texts: readonly Document[]): Promise<GainFeatures[]> =>
  featurizeGainDocuments(texts, tokenizer, config);

async function collate(settings: Partial<GainConfig> = {}): Promise<GainBatch> {
  return collateGain(await featurize([document, small]), tokenizer, { ...config, ...settings }, { pad: "exact" });
}

describe("collateGain", () => {
  it("averages the tokens of each mention", async () => {
    const { tokenShares } = (await collate()).graph;

    // A start token, five words, an end token; the document's node and three mentions.
    expect((tokenShares.arraySync() as number[][][])[0]).toEqual([
      [0, 0, 0, 0, 0, 0, 0],
      [0, 0.5, 0.5, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 1, 0],
      [0, 0, 0, 0, 1, 0, 0],
    ]);
  });

  it("averages the neighbours of each node, kind by kind", async () => {
    const shares = (await collate()).graph.neighbourShares.reshape<tf.Tensor4D>([2, 4, 3, 4]).arraySync();

    const third = expect.closeTo(1 / 3, 6) as number;
    expect(shares[0]).toEqual([
      // Node by node: within the entity, between entities, document.
      [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [0, third, third, third],
      ],
      [
        [0, 0, 1, 0],
        [0, 0, 0, 1],
        [1, 0, 0, 0],
      ],
      [
        [0, 1, 0, 0],
        [0, 0, 0, 0],
        [1, 0, 0, 0],
      ],
      [
        [0, 0, 0, 0],
        [0, 1, 0, 0],
        [1, 0, 0, 0],
      ],
    ]);
    expect(shares[1]?.flat(2).every((share) => share === 0)).toBe(true);
  });

  it("leaves the document's edges out where it has no node", async () => {
    const { neighbourShares } = (await collate({ documentNode: false })).graph;

    expect(neighbourShares.shape).toEqual([2, 4 * 2, 4]);
  });

  it("averages the mentions of entities, and links entities", async () => {
    const { mentionShares, links } = (await collate()).graph;

    expect(mentionShares.arraySync()[0]).toEqual([
      [0, 0.5, 0.5, 0],
      [0, 0, 0, 1],
    ]);
    expect(links.arraySync()).toEqual([
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
  });

  it("numbers pairs over the whole batch, and says which labels hold", async () => {
    const features = await featurize([small, document]);

    const { pairs, targets } = collateGain(features, tokenizer, config, { pad: "exact" });

    // The second document's entities are rows 2 and 3 of two documents × two entities.
    expect([...pairs.documents.dataSync()]).toEqual([1, 1]);
    expect([...pairs.heads.dataSync()]).toEqual([2, 3]);
    expect([...pairs.tails.dataSync()]).toEqual([3, 2]);
    expect([...pairs.cells.dataSync()]).toEqual([5, 6]);
    expect([...pairs.reversedCells.dataSync()]).toEqual([6, 5]);
    expect(targets.arraySync()).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it("pads to a few sizes, with masks", async () => {
    const { tokens, graph, pairs } = collateGain(await featurize([document, small]), tokenizer, config);

    expect(tokens.tokenIds.shape).toEqual([2, 64]);
    expect(tokens.mask.sum(1).arraySync()).toEqual([7, 3]);
    expect(graph.mentionShares.shape).toEqual([2, 16, 32]);
    expect([pairs.mask.size, pairs.mask.sum().dataSync()[0]]).toEqual([128, 2]);
  });

  it("is freed by one call", async () => {
    const features = await featurize([document]);
    const before = tf.memory().numTensors;

    tf.dispose(collateGain(features, tokenizer, config) as unknown as tf.TensorContainer);

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("countGainTokens", () => {
  it("counts what is laid out and what of it is padding", async () => {
    expect(countGainTokens(await featurize([document, small]))).toEqual({ all: 128, padding: 118 });
  });
});
