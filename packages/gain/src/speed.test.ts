import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { relationNames } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { GainBackbone } from "./backbone.ts";
import { defineGainConfig } from "./config.ts";
import { loadGain } from "./extractor.ts";
import { prepareExtraction, prepareTraining } from "./speed.ts";
import { drawWordVectors } from "./untrained-words.ts";

const documents = syntheticDocuments({ seed: 1, count: 6, relations: ["likes", "knows"] });
const config = defineGainConfig({
  relations: relationNames(documents),
  typeSize: 4,
  entityIdSize: 4,
  maxEntities: 8,
  lstmSize: 4,
  dropout: 0,
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const backbones: readonly (readonly [string, () => GainBackbone])[] = [
  ["a pretrained encoder", () => tinyBackbone(1)],
  ["vectors of words", () => drawWordVectors(documents, { width: 3, random: createRandom(1) })],
];

describe("prepareTraining", () => {
  it.each(backbones)("gives documents and the loss of the model that it saves, on %s", async (name, makeBackbone) => {
    const directory = join(root, name);
    const tensors = tf.memory().numTensors;
    const work = await prepareTraining(documents, {
      backbone: makeBackbone(),
      config,
      seed: 1,
      counterpart: { directory },
    });
    const loaded = await loadGain(directory);

    const batch = work.collate(work.features.slice(0, 2));
    const losses = [work.model, loaded.model].map((model) => model.loss(batch, INFERENCE).dataSync()[0] as number);

    expect(work.features.map(({ documentId }) => documentId)).toEqual(documents.map(({ id }) => id));
    expect(losses[1]).toBeCloseTo(losses[0] as number, 6);
    tf.dispose(batch as unknown as tf.TensorContainer);
    work.optimizer.dispose();
    work.model.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(tensors + 2); // the losses
  });
});

describe("prepareExtraction", () => {
  it("gives the scores of the model that it saves, by batch, document and pair, and leaves nothing behind", async () => {
    const directory = join(root, "model");
    const tensors = tf.memory().numTensors;
    const backbone = tinyBackbone(1);
    await backbone.tokenizer.prepare(documents.flatMap(({ sentences }) => sentences.flat()));
    const work = await prepareExtraction(documents, { backbone, config, seed: 1, counterpart: { directory } });
    const numbers = await work.scores();
    await work.run();
    work.dispose();

    const loaded = await loadGain(directory);
    const order = work.batches.flat().map(({ documentId }) => documentId);
    const read = order.flatMap((id) => documents.filter((document) => document.id === id));
    const expected = (await loaded.scoreAll(read)).map(({ score }) => expect.closeTo(score, 4) as number);
    loaded.dispose();
    expect(work.count).toBe(6);
    expect(numbers).toEqual(expected);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
