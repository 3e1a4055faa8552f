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

import type { GainBackbone } from "./backbone.ts";
import { defineGainConfig, GAIN_VARIANTS, type GainConfig } from "./config.ts";
import { GainExtractor, type GainExtractorOptions, loadGain } from "./extractor.ts";
import { GainModel } from "./model.ts";
import { drawWordVectors } from "./untrained-words.ts";

const relations = ["likes", "knows", "visits"];
const documents = syntheticDocuments({ seed: 2, count: 11, relations });

function createExtractor(
  settings: Partial<GainConfig> = {},
  options: GainExtractorOptions = {},
  backbone: GainBackbone = tinyBackbone(5),
): GainExtractor {
  const config = defineGainConfig({
    relations,
    typeSize: 4,
    entityIdSize: 4,
    maxEntities: 8,
    lstmSize: 8,
    ...settings,
  });
  return new GainExtractor(new GainModel(config, backbone, createRandom(2)), backbone, config, options);
}

const wordVectors = (): GainBackbone => drawWordVectors(documents, { width: 8, random: createRandom(1) });

describe("GainExtractor.scoreAll", () => {
  it("lists every relation of every pair, or those above a score", async () => {
    const extractor = createExtractor();
    const pairCount = documents.reduce((count, { entities: { length } }) => count + length * (length - 1), 0);

    const all = await extractor.scoreAll(documents);

    expect(all).toHaveLength(pairCount * relations.length);
    expect(all.every(({ score }) => score > 0 && score < 1)).toBe(true);
    expect(await extractor.scoreAll(documents, { above: 0.5 })).toEqual(all.filter(({ score }) => score > 0.5));
  });

  it.each(Object.entries(GAIN_VARIANTS))(
    "scores each document alone as among many, and within a small memory budget, in the variant %s",
    async (_, variant) => {
      const extractor = createExtractor(variant);
      const shuffled = documents.toSorted((left, right) => left.id.localeCompare(right.id)).toReversed();

      const together = await extractor.scoreAll(shuffled);

      const alone = [];
      for (const document of shuffled) alone.push(...(await extractor.scoreAll([document])));
      const chunked = await createExtractor(variant, { memoryBudget: 1 }).scoreAll(shuffled);
      for (const other of [alone, chunked]) {
        expect(other.map(withoutScore)).toEqual(together.map(withoutScore));
        const distances = together.map(({ score }, index) => Math.abs(score - (other[index]?.score ?? NaN)));
        expect(Math.max(...distances)).toBeLessThan(1e-5);
      }
    },
  );

  it("scores the same without a limit to memory", async () => {
    const unlimited = await createExtractor({}, { memoryBudget: Infinity }).scoreAll(documents);

    expect(unlimited).toEqual(await createExtractor().scoreAll(documents));
  });
});

describe("GainExtractor.extract", () => {
  it("keeps what reaches the threshold, and asks for one", async () => {
    const extractor = createExtractor();
    await expect(extractor.extract(documents)).rejects.toThrow(
      new RangeError("threshold must be chosen, got none. Call withThreshold first."),
    );
    const scored = await extractor.scoreAll(documents);
    const threshold = scored[7]?.score as number;

    const { task, relations: found } = await extractor.withThreshold(threshold).extract(documents);

    expect(task).toBe("document");
    expect(found).toEqual(scored.filter(({ score }) => score >= threshold));
    expect(found.length).toBeLessThan(scored.length);
  });

  it("needs and reads no labels", async () => {
    const extractor = createExtractor().withThreshold(0.5);
    const unlabelled = documents.map((document) => ({ ...document, relations: [], labelled: false }));
    const strange = documents.map((document) => ({
      ...document,
      relations: [{ head: 0, tail: 1, relation: "unheard of", evidence: [] }],
    }));

    const { relations: found } = await extractor.extract(documents);

    expect((await extractor.extract(unlabelled)).relations).toEqual(found);
    expect((await extractor.extract(strange)).relations).toEqual(found);
  });

  it("is sound about documents without pairs, and about mentions that are cut off", async () => {
    const first = documents[0] as Document;
    const empty = { ...first, id: "empty", entities: [], relations: [] };
    const alone = { ...first, id: "alone", entities: first.entities.slice(0, 1), relations: [] };
    const extractor = createExtractor({ maxTokens: 4 }).withThreshold(0);

    const { relations: found } = await extractor.extract([empty, first, alone]);

    expect(found).toHaveLength(first.entities.length * (first.entities.length - 1) * relations.length);
    expect(found.every(({ documentId, score }) => documentId === first.id && Number.isFinite(score))).toBe(true);
  });

  it("leaves no tensor behind", async () => {
    const extractor = createExtractor().withThreshold(0.5);
    const before = tf.memory().numTensors;

    await extractor.extract(documents);
    await extractor.scoreAll(documents, { above: 0 });

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("loadGain", () => {
  let folder = "";
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "relatum-gain-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    ["a pretrained encoder", () => tinyBackbone(5)],
    ["vectors of words", wordVectors],
  ])("finds with a saved model on %s what it found before", async (_, createBackbone) => {
    const extractor = createExtractor({}, {}, createBackbone()).withThreshold(0.5);
    const { relations: found } = await extractor.extract(documents);
    const directory = join(folder, "model");
    await extractor.save(directory);
    await extractor.save(directory);
    const before = tf.memory().numTensors;

    const loaded = await loadGain(directory);

    expect(found.length).toBeGreaterThan(0);
    expect((await loaded.extract(documents)).relations).toEqual(found);
    expect(loaded.config).toEqual(extractor.config);
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [{ paper: "atlop" }, 'config.json must hold "paper": "gain", got "atlop".'],
    [{ version: 2 }, 'config.json must hold "version": 1, got 2.'],
    [{ config: { relations, dropout: 2 } }, "config.json must hold a sound config: dropout must be in [0, 1), got 2."],
    [
      { config: { relations: ["likes"], typeSize: 4, entityIdSize: 4, maxEntities: 8 } },
      'head.safetensors must score "no relation" and the 1 relations of config.json, got 4 labels.',
    ],
    [
      { config: { relations, typeSize: 4, entityIdSize: 4, maxEntities: 2 ** 30 } },
      "head.safetensors must fit config.json: parameters must have no more values than the file holds",
    ],
    [
      { config: { relations, typeSize: 4, entityIdSize: 4, maxEntities: 9 } },
      "head.safetensors must fit config.json: idEmbedding",
    ],
  ])("refuses a model whose config says %j", async (changes, message) => {
    await createExtractor().save(folder);
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, ...changes }));

    const loading = loadGain(folder);

    await expect(loading).rejects.toThrow(CheckpointError);
    await expect(loading).rejects.toThrow(message);
  });

  it("names the file that is missing or damaged, and passes on the cause", async () => {
    await expect(loadGain(join(folder, "nowhere"))).rejects.toThrow(/nowhere.config\.json must be a readable file/);
    await createExtractor({}, {}, wordVectors()).save(folder);
    writeFileSync(join(folder, "words.json"), '["BLANK", "UNK"]');
    await expect(loadGain(folder)).rejects.toThrow(/words\.json must list the words of head\.safetensors/);
    writeFileSync(join(folder, "head.safetensors"), "damaged");

    const loading = loadGain(folder);

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
