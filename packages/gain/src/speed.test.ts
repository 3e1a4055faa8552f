import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { relationNames } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { defineGainConfig } from "./config.ts";
import { loadGain } from "./extractor.ts";
import { type GainSpeedOptions, prepareInference, prepareSteps } from "./speed.ts";

const documents = syntheticDocuments({ seed: 1, count: 6, relations: ["likes", "knows"] });
const config = defineGainConfig({
  relations: relationNames(documents),
  typeSize: 4,
  entityIdSize: 4,
  maxEntities: 8,
  dropout: 0,
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const options = ({ backbone = tinyBackbone(1), ...more }: Partial<GainSpeedOptions> = {}): GainSpeedOptions => ({
  backbone,
  config,
  steps: 2,
  batchSize: 2,
  ...more,
});

describe("prepareSteps", () => {
  it("takes a step on each of the batches it shows: their losses fall, and nothing is left behind", async () => {
    const tensors = tf.memory().numTensors;
    const work = await prepareSteps(documents, options());
    const before = await work.check();
    for (let index = 0; index < 5; index += 1) await work.run();
    const after = await work.check();
    work.dispose();

    expect(work.documents).toBe(4);
    expect(work.input.batches.map((batch) => batch.length)).toEqual([2, 2]);
    expect(before).toHaveLength(2);
    for (const [index, loss] of after.entries()) expect(loss).toBeLessThan(before[index] as number);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("refuses fewer documents than its steps take", async () => {
    const prepared = prepareSteps(documents, options({ steps: 4 }));

    await expect(prepared).rejects.toThrow("documents must hold 8 with pairs for 4 steps, got 6.");
  });
});

describe("prepareInference", () => {
  it("gives the scores of the model that it saves, by batch, document and pair, and leaves nothing behind", async () => {
    const directory = join(root, "model");
    const tensors = tf.memory().numTensors;
    const backbone = tinyBackbone(1);
    await backbone.tokenizer.prepare(documents.flatMap(({ sentences }) => sentences.flat()));
    const work = await prepareInference(documents, options({ backbone, counterpart: { directory } }));
    const numbers = await work.check();
    await work.run();
    work.dispose();

    const loaded = await loadGain(directory);
    const order = work.input.batches.flat().map(({ documentId }) => documentId);
    const read = order.map((id) => documents.filter((document) => document.id === id)).flat();
    const expected = (await loaded.scoreAll(read)).map(({ score }) => expect.closeTo(score, 4) as number);
    loaded.dispose();
    expect(numbers).toEqual(expected);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
