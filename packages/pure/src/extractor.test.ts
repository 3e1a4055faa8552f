import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Document, SpanRelation, TypedSpan } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, SafetensorsError } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { definePureConfig, type PureConfig, relationConfig } from "./config.ts";
import { PureEntityModel } from "./entity-model.ts";
import { loadPure, PureExtractor, type PureExtractorOptions } from "./extractor.ts";
import type { PureLengthNotice } from "./relation-features.ts";
import { PureRelationModel } from "./relation-model.ts";

const labels = { entityTypes: ["PER", "ORG", "LOC"], relations: ["likes", "knows"] };
const documents = syntheticDocuments({ seed: 2, count: 5, relations: labels.relations });

interface CreateOptions extends PureExtractorOptions {
  readonly without?: "entity" | "relation";
}

/** Models that have learnt nothing and so find much, surer than chance: their heads are blown up. */
function createExtractor(
  settings: Partial<PureConfig> = {},
  { without, ...options }: CreateOptions = {},
): PureExtractor {
  const config = definePureConfig({
    ...labels,
    maxSpanWords: 3,
    widthEmbeddingSize: 4,
    headSize: 8,
    typeEmbeddingSize: 4,
    maxTokens: 64,
    ...settings,
  });
  const backbone = tinyBackbone(5);
  const second = config.architecture === "separate" ? tinyBackbone(6) : backbone;
  const entity = new PureEntityModel(config, backbone, createRandom(2));
  const relation = new PureRelationModel(relationConfig(config, second), second, createRandom(3));
  for (const { weight } of [...entity.feedForward.layers, entity.classifier, relation.classifier]) {
    tf.tidy(() => weight.assign(weight.mul(20)));
  }
  return new PureExtractor(
    {
      config,
      ...(without !== "entity" && { entity: { model: entity, backbone } }),
      ...(without !== "relation" && { relation: { model: relation, backbone: second } }),
    },
    options,
  );
}

const goldSpans = documents.flatMap(({ id, entities }): TypedSpan[] =>
  entities.flatMap(({ mentions }) =>
    mentions.map(({ sentence, start, end, type }) => ({ documentId: id, sentence, start, end, type, score: 1 })),
  ),
);

describe("PureExtractor.extract", () => {
  it("finds the same in each document alone as in many, in the order of the documents", async () => {
    const extractor = createExtractor();
    const shuffled = documents.toReversed();

    const together = await extractor.extract(shuffled);
    const alone = [];
    for (const document of shuffled) alone.push(await extractor.extract([document]));

    const spans = alone.flatMap((extraction) => extraction.spans);
    const relations = alone.flatMap((extraction) => extraction.relations);
    expect(together.spans.length).toBeGreaterThan(10);
    expect(together.relations.length).toBeGreaterThan(10);
    expect(together.spans.map(withoutScore)).toEqual(spans.map(withoutScore));
    expect(together.relations.map(withoutScore)).toEqual(relations.map(withoutScore));
    for (const [index, { score }] of together.relations.entries())
      expect(score).toBeCloseTo(relations[index]?.score ?? NaN, 4);
  });

  it("is what both of its steps find", async () => {
    const extractor = createExtractor();

    const { spans, relations } = await extractor.extract(documents);

    expect(await extractor.extractEntities(documents)).toEqual(spans);
    expect(await extractor.extractRelations(documents, spans)).toEqual(relations);
  });

  it("needs and reads no labels", async () => {
    const extractor = createExtractor();
    const unlabelled = documents.map((document) => ({ ...document, entities: [], relations: [], labelled: false }));

    expect(await extractor.extract(unlabelled)).toEqual(await extractor.extract(documents));
  });

  it("finds the same within a small memory budget, a sentence at a time", async () => {
    const found = await createExtractor().extract(documents);

    const bit = await createExtractor({}, { memoryBudget: 1 }).extract(documents);

    expect(bit.spans.map(withoutScore)).toEqual(found.spans.map(withoutScore));
    expect(bit.relations.map(withoutScore)).toEqual(found.relations.map(withoutScore));
  });

  it("finds the same where the spans of one sentence are classified some at a time", async () => {
    const words = documents.flatMap(({ sentences }) => sentences.flat());
    const sentence = Array.from({ length: 480 }, (_, index) => words[index % words.length] as string);
    const long: Document = { ...(documents[0] as Document), id: "long", sentences: [sentence], entities: [] };
    const settings = { maxTokens: 512, maxSpanWords: 8 };
    const found = await createExtractor(settings, { without: "relation" }).extractEntities([long]);
    const extractor = createExtractor(settings, { without: "relation", memoryBudget: 1 });
    const before = tf.memory().numTensors;

    const bit = await extractor.extractEntities([long]);

    expect(found.length).toBeGreaterThan(100);
    expect(bit.map(withoutScore)).toEqual(found.map(withoutScore));
    for (const [index, { score }] of bit.entries())
      expect(Math.abs(score - (found[index]?.score ?? 0))).toBeLessThan(1e-6);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes the documents' own entities for found ones without an entity model", async () => {
    const extractor = createExtractor({}, { without: "entity" });

    const { spans, relations } = await extractor.extract(documents);

    const asKeys = (list: readonly TypedSpan[]): string[] =>
      list.map((span) => JSON.stringify(withoutScore(span))).toSorted();
    expect(asKeys(spans)).toEqual(asKeys(goldSpans));
    expect(relations).toEqual(await extractor.extractRelations(documents, spans));
  });

  it("finds entities alone without a relation model, and says so when asked for relations", async () => {
    const extractor = createExtractor({}, { without: "relation" });

    const { spans, relations } = await extractor.extract(documents);

    expect(spans.length).toBeGreaterThan(10);
    expect(relations).toEqual([]);
    await expect(extractor.extractRelations(documents, spans)).rejects.toThrow(
      "extractor must hold a relation model, got none. Train one with trainPure.",
    );
  });

  it("relates spans that are likely entities, of whatever type, where spans are pruned", async () => {
    const extractor = createExtractor({ relationSpans: "pruned", spansPerWord: 1 });
    const [scored] = await extractor.scoreSpans([documents[0] as Document]);

    const { relations } = await extractor.extract([documents[0] as Document]);

    // Five words a sentence, so five of the spans of each.
    const starts = new Set(relations.filter(({ head }) => head.sentence === 0).map(({ head }) => JSON.stringify(head)));
    expect(scored?.[0]?.length).toBe(5 + 4 + 3);
    expect(starts.size).toBeGreaterThan(1);
    expect(starts.size).toBeLessThanOrEqual(5);
  });

  it("passes over empty documents and sentences without words", async () => {
    const empty: Document = { id: "empty", sentences: [], entities: [], relations: [], labelled: false };
    const blank: Document = { ...empty, id: "blank", sentences: [[], ["Ada"], []] };
    const extractor = createExtractor();

    const { spans, relations } = await extractor.extract([empty, blank]);

    expect(spans.every(({ documentId, sentence }) => documentId === "blank" && sentence === 1)).toBe(true);
    expect(relations).toEqual([]);
    expect(await extractor.extract([])).toEqual({ task: "sentence", spans: [], relations: [] });
  });

  it("tells of sentences that are too long for the relation model", async () => {
    const words = Array.from({ length: 100 }, (_, index) => `word${index}`);
    const long: Document = { id: "long", sentences: [words], entities: [], relations: [], labelled: false };
    const notices: PureLengthNotice[] = [];
    const extractor = createExtractor({}, { notify: (notice) => notices.push(notice) });
    const spans = [0, 2, 99].map((start) => {
      return { documentId: "long", sentence: 0, start, end: start + 1, type: "PER", score: 1 };
    });

    await extractor.extractRelations([long], spans);

    // The first two fit into 64 tokens, neither does with the last one; both ways each.
    expect(notices.map(({ kind }) => kind)).toEqual([
      "sentence-cut",
      "pair-left-out",
      "sentence-cut",
      "pair-left-out",
      "pair-left-out",
      "pair-left-out",
    ]);
  });

  it.each(["separate", "joint"] as const)("leaves no tensor behind, %s", async (architecture) => {
    const extractor = createExtractor({
      architecture,
      ...(architecture === "joint" && { relationInput: "text", relationSpans: "pruned" }),
    });
    const before = tf.memory().numTensors;

    await extractor.extract(documents);
    await extractor.extractEntities(documents);
    await extractor.extractRelations(documents, goldSpans);

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("PureExtractor.extractRelations", () => {
  it("returns a symmetric relation once a pair, the surer way round", async () => {
    const directed = await createExtractor().extractRelations(documents, goldSpans);

    const found = await createExtractor({ symmetricRelations: labels.relations }).extractRelations(
      documents,
      goldSpans,
    );

    const reverseOf = ({ documentId, head, tail, relation }: SpanRelation): SpanRelation | undefined =>
      directed.find(
        (other) =>
          other.documentId === documentId &&
          other.relation === relation &&
          JSON.stringify([other.head, other.tail]) === JSON.stringify([tail, head]),
      );
    expect(found.length).toBeLessThan(directed.length);
    expect(found).toEqual(directed.filter((relation) => !((reverseOf(relation)?.score ?? 0) > relation.score)));
  });

  it.each([
    [{ documentId: "nobody" }, 'spans must lie inside sentences of the documents, got 0–1 in sentence 0 of "nobody".'],
    [{ sentence: 9 }, "got 0–1 in sentence 9 of"],
    [{ end: 6 }, "got 0–6 in sentence 0 of"],
    [{ type: "EVENT" }, 'spans must have types of the config, got "EVENT".'],
  ])("refuses a span with %j", async (changes, message) => {
    const span = { documentId: documents[0]?.id as string, sentence: 0, start: 0, end: 1, type: "PER", score: 1 };

    const found = createExtractor().extractRelations(documents, [{ ...span, ...changes }]);

    await expect(found).rejects.toThrow(RangeError);
    await expect(found).rejects.toThrow(message);
  });

  it("refuses documents of one id", async () => {
    const twice = [documents[0] as Document, documents[0] as Document];

    await expect(createExtractor().extractRelations(twice, [])).rejects.toThrow("documents must have different ids");
  });
});

describe("loadPure", () => {
  let folder = "";
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "relatum-pure-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each<[Partial<PureConfig>, string[]]>([
    [{ approximate: true }, ["entity-encoder", "relation-encoder"]],
    [{ architecture: "shared" }, ["encoder"]],
    [{ architecture: "joint", relationInput: "text", relationSpans: "pruned" }, ["encoder"]],
  ])("finds with a saved model what it found before: %j", async (settings, encoders) => {
    const extractor = createExtractor(settings);
    const found = await extractor.extract(documents);
    const directory = join(folder, "model");
    await extractor.save(directory);
    await extractor.save(directory);

    const loaded = await loadPure(directory);

    expect(await loaded.extract(documents)).toEqual(found);
    expect(loaded.config).toEqual(extractor.config);
    expect(encoders.every((name) => existsSync(join(directory, name)))).toBe(true);
    loaded.dispose();
  });

  it("loads a model of entities alone", async () => {
    const extractor = createExtractor({}, { without: "relation" });
    const found = await extractor.extract(documents);
    await extractor.save(folder);

    const loaded = await loadPure(folder);

    expect(await loaded.extract(documents)).toEqual(found);
  });

  it("passes on what it is that is wrong with a damaged file", async () => {
    await createExtractor().save(folder);
    writeFileSync(join(folder, "relation-head.safetensors"), "damaged");

    await expect(loadPure(folder)).rejects.toHaveProperty("cause", expect.any(SafetensorsError));
  });

  it("leaves no tensor behind, refused or disposed of", async () => {
    await createExtractor().save(folder);
    const before = tf.memory().numTensors;

    (await loadPure(folder)).dispose();
    writeFileSync(join(folder, "relation-head.safetensors"), "damaged");
    await expect(loadPure(folder)).rejects.toThrow(/relation-head\.safetensors must be a sound safetensors file/);

    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [{ paper: "atlop" }, 'config.json must hold "paper": "pure", got "atlop".'],
    [{ version: 2 }, 'config.json must hold "version": 1, got 2.'],
    [
      { config: { ...labels, batchedTraining: true } },
      "config.json must hold a sound config: batchedTraining must be false without approximate, got true.",
    ],
    [
      { config: { ...labels, headSize: 2 ** 30 } },
      "entity-head.safetensors must fit config.json: parameters must have no more values than the file holds",
    ],
    [{ config: { ...labels, headSize: 9 } }, "entity-head.safetensors must fit config.json: widthEmbedding.weight"],
  ])("refuses a model whose config says %j", async (changes, message) => {
    await createExtractor().save(folder);
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, ...changes }));

    const loading = loadPure(folder);

    await expect(loading).rejects.toThrow(CheckpointError);
    await expect(loading).rejects.toThrow(message);
  });

  it("names what is missing", async () => {
    await expect(loadPure(join(folder, "nowhere"))).rejects.toThrow(/nowhere.config\.json must be a readable file/);
    await createExtractor().save(folder);
    for (const name of ["entity", "relation"]) rmSync(join(folder, `${name}-head.safetensors`));

    await expect(loadPure(folder)).rejects.toThrow(/must hold entity-head\.safetensors or relation-head\.safetensors/);
  });
});

function withoutScore<T extends { readonly score: number }>(found: T): T {
  return { ...found, score: 0 };
}
