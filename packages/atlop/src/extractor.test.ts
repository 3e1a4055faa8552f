import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Document } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, SafetensorsError } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ATLOP_VARIANTS, type AtlopConfig, defineAtlopConfig } from "./config.ts";
import { AtlopExtractor, type AtlopExtractorOptions, loadAtlop } from "./extractor.ts";
import { AtlopModel } from "./model.ts";

const relations = ["likes", "knows", "visits"];
const documents = syntheticDocuments({ seed: 2, count: 11, relations });

function createExtractor(settings: Partial<AtlopConfig> = {}, options: AtlopExtractorOptions = {}): AtlopExtractor {
  const config = defineAtlopConfig({ relations, pairSize: 16, blockSize: 4, ...settings });
  const backbone = tinyBackbone(5);
  return new AtlopExtractor(new AtlopModel(config, backbone, createRandom(2)), backbone, config, options);
}

describe("AtlopExtractor.extract", () => {
  it("finds the same in each document alone as in many, in the order of the documents", async () => {
    const extractor = createExtractor();
    const shuffled = documents.toSorted((left, right) => left.id.localeCompare(right.id)).toReversed();

    const { relations: together } = await extractor.extract(shuffled);
    const alone = [];
    for (const document of shuffled) alone.push(...(await extractor.extract([document])).relations);

    expect(together.length).toBeGreaterThan(10);
    expect(together.map(withoutScore)).toEqual(alone.map(withoutScore));
    for (const [index, { score }] of together.entries()) expect(score).toBeCloseTo(alone[index]?.score as number, 4);
  });

  it("needs and reads no labels", async () => {
    const extractor = createExtractor();
    const unlabelled = documents.map((document) => ({ ...document, relations: [], labelled: false }));
    const strange = documents.map((document) => ({
      ...document,
      relations: [{ head: 0, tail: 1, relation: "unheard of", evidence: [] }],
    }));

    const { relations: found } = await extractor.extract(documents);

    expect((await extractor.extract(unlabelled)).relations).toEqual(found);
    expect((await extractor.extract(strange)).relations).toEqual(found);
  });

  it("finds the same within a small memory budget, one head entity at a time", async () => {
    const { relations: found } = await createExtractor().extract(documents);

    const { relations: chunked } = await createExtractor({}, { memoryBudget: 1 }).extract(documents);

    expect(new Set(chunked.map((relation) => JSON.stringify(withoutScore(relation))))).toEqual(
      new Set(found.map((relation) => JSON.stringify(withoutScore(relation)))),
    );
  });

  it("passes over documents without pairs", async () => {
    const empty: Document = { ...(documents[0] as Document), id: "empty", entities: [], relations: [] };

    const { relations: found } = await createExtractor().extract([empty]);

    expect(found).toEqual([]);
  });

  it("returns the most likely relations alone, above the threshold class", async () => {
    const extractor = createExtractor({ maxRelationsPerPair: 1 });

    const { relations: found } = await extractor.extract(documents);

    const pairs = found.map(({ documentId, head, tail }) => `${documentId} ${head} ${tail}`);
    expect(new Set(pairs).size).toBe(pairs.length);
    expect(found.every(({ score }) => score > 0)).toBe(true);
  });

  it("asks for thresholds where they must be chosen, and keeps what reaches them", async () => {
    const extractor = createExtractor(ATLOP_VARIANTS["per-class thresholding"]);
    await expect(extractor.extract(documents)).rejects.toThrow(
      new RangeError('thresholds must be chosen under "per-relation", got none. Call withThresholds first.'),
    );
    const scored = await extractor.scoreAll(documents);

    const { relations: found } = await extractor.withThresholds([0.5, 1.1, 0]).extract(documents);

    const expected = scored.filter(
      ({ relation, score }) => relation === "visits" || (relation === "likes" && score >= 0.5),
    );
    expect(found).toEqual(expected);
  });

  it("leaves no tensor behind", async () => {
    const extractor = createExtractor();
    const before = tf.memory().numTensors;

    await extractor.extract(documents);
    await extractor.scoreAll(documents, { above: 0 });
    await extractor.contextWeights(documents[0] as Document, 0, 1);

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("AtlopExtractor.scoreAll", () => {
  it("lists every relation of every pair, or those above a score", async () => {
    const extractor = createExtractor();
    const pairCount = documents.reduce((count, { entities: { length } }) => count + length * (length - 1), 0);

    const all = await extractor.scoreAll(documents);

    expect(all).toHaveLength(pairCount * relations.length);
    expect(await extractor.scoreAll(documents, { above: 0 })).toEqual(all.filter(({ score }) => score > 0));
  });
});

describe("AtlopExtractor.contextWeights", () => {
  it("spreads at most 1 over the words", async () => {
    const document = documents[0] as Document;

    const weights = await createExtractor().contextWeights(document, 0, 1);

    expect(weights.map(({ length }) => length)).toEqual(document.sentences.map(({ length }) => length));
    const total = weights.flat().reduce((sum, weight) => sum + weight, 0);
    expect(Math.min(...weights.flat())).toBeGreaterThan(0);
    expect(total).toBeGreaterThan(0.5);
    expect(total).toBeLessThan(1);
  });

  it("refuses an entity that is not there", async () => {
    const weights = createExtractor().contextWeights(documents[0] as Document, 0, 9);

    await expect(weights).rejects.toThrow(/^tail must be below the \d entities, got 9\.$/);
  });
});

describe("loadAtlop", () => {
  let folder = "";
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "relatum-atlop-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("finds with a saved model what it found before", async () => {
    const extractor = createExtractor({ localizedContext: false });
    const { relations: found } = await extractor.extract(documents);
    const directory = join(folder, "model");
    await extractor.save(directory);
    await extractor.save(directory);

    const loaded = await loadAtlop(directory);

    expect((await loaded.extract(documents)).relations).toEqual(found);
    expect(loaded.config).toEqual(extractor.config);
  });

  it.each([
    [{ paper: "gain" }, 'config.json must hold "paper": "atlop", got "gain".'],
    [{ version: 2 }, 'config.json must hold "version": 1, got 2.'],
    [
      { config: { relations, pairSize: 3 } },
      "config.json must hold a sound config: blockSize must divide pairSize (3), got 64.",
    ],
    [
      { config: { relations: ["likes"], pairSize: 16, blockSize: 4 } },
      "head.safetensors must score the threshold class and the 1 relations of config.json, got 4 labels.",
    ],
    [
      { config: { relations, pairSize: 2 ** 30, blockSize: 4 } },
      "head.safetensors must fit config.json: parameters must have no more values than the file holds",
    ],
    [
      { config: { relations, pairSize: 32, blockSize: 4 } },
      "head.safetensors must fit config.json: headExtractor.weight",
    ],
  ])("refuses a model whose config says %j", async (changes, message) => {
    await createExtractor().save(folder);
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, ...changes }));

    const loading = loadAtlop(folder);

    await expect(loading).rejects.toThrow(CheckpointError);
    await expect(loading).rejects.toThrow(message);
  });

  it("names the file that is missing or damaged, and passes on the cause", async () => {
    await expect(loadAtlop(join(folder, "nowhere"))).rejects.toThrow(/nowhere.config\.json must be a readable file/);
    await createExtractor().save(folder);
    writeFileSync(join(folder, "head.safetensors"), "damaged");

    const loading = loadAtlop(folder);

    await expect(loading).rejects.toThrow(/head\.safetensors must be a sound safetensors file/);
    await expect(loading).rejects.toHaveProperty("cause", expect.any(SafetensorsError));
  });
});

function withoutScore({
  documentId,
  head,
  tail,
  relation,
}: {
  documentId: string;
  head: number;
  tail: number;
  relation: string;
}) {
  return { documentId, head, tail, relation };
}
