import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Document, relationNames } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { defineAtlopConfig } from "./config.ts";
import { loadAtlop } from "./extractor.ts";
import { type AtlopSpeedOptions, prepareExtraction, prepareTraining } from "./speed.ts";

const documents = syntheticDocuments({ seed: 1, count: 6, relations: ["likes", "knows"] });
const config = defineAtlopConfig({ relations: relationNames(documents), pairSize: 8, blockSize: 4 });

/** More than one row of the encoder holds. */
const long: Document = { ...(documents[0] as Document), id: "long" };
const longText = { ...long, sentences: [...long.sentences, Array<string>(600).fill("again")] };

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const options = ({ backbone = tinyBackbone(1), ...more }: Partial<AtlopSpeedOptions> = {}): AtlopSpeedOptions => ({
  backbone,
  config,
  seed: 1,
  ...more,
});

describe("prepareTraining", () => {
  it("gives documents and the loss of the model that it saves", async () => {
    const directory = join(root, "trained");
    const before = tf.memory().numTensors;
    const work = await prepareTraining(documents, options({ counterpart: { directory } }));
    const loaded = await loadAtlop(directory);

    const batch = work.collate(work.features.slice(0, 2));
    const losses = [work.model, loaded.model].map((model) => model.loss(batch, INFERENCE).dataSync()[0] as number);

    expect(work.features.map(({ documentId }) => documentId)).toEqual(documents.map(({ id }) => id));
    expect(losses[1]).toBeCloseTo(losses[0] as number, 6);
    tf.dispose(batch as unknown as tf.TensorContainer);
    work.optimizer.dispose();
    work.model.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before + 2); // the losses
  });
});

describe("prepareExtraction", () => {
  it("gives the scores of the model that it saves, by batch, document and pair, and leaves nothing behind", async () => {
    const directory = join(root, "model");
    const before = tf.memory().numTensors;
    const backbone = tinyBackbone(1);
    await backbone.tokenizer.prepare([...documents.flatMap(({ sentences }) => sentences.flat()), "*"]);
    const work = await prepareExtraction(documents, options({ backbone, counterpart: { directory } }));
    const numbers = await work.scores();
    await work.run();
    work.dispose();

    const loaded = await loadAtlop(directory);
    const order = work.batches.flat().map(({ documentId }) => documentId);
    const read = order.flatMap((id) => documents.filter((document) => document.id === id));
    const unlabelled = read.map((document) => ({ ...document, labelled: false }));
    const expected = (await loaded.scoreAll(unlabelled)).map(({ score }) => expect.closeTo(score, 4) as number);
    loaded.dispose();
    expect(work.count).toBe(6);
    expect(numbers).toEqual(expected);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("leaves out documents of several rows only where a counterpart follows", async () => {
    const all = [...documents, longText];
    const alone = await prepareExtraction(all, options());
    const compared = await prepareExtraction(all, options({ counterpart: { directory: join(root, "short") } }));

    expect([alone.count, compared.count]).toEqual([7, 6]);
    expect(compared.batches.flat().map(({ documentId }) => documentId)).not.toContain("long");
    alone.dispose();
    compared.dispose();
  });
});
