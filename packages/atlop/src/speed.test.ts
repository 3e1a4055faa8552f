import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Document, relationNames } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { loadAtlop } from "./extractor.ts";
import { defineAtlopConfig } from "./config.ts";
import { type AtlopSpeedOptions, prepareInference, prepareSteps } from "./speed.ts";

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

const options = (more: Partial<AtlopSpeedOptions> = {}): AtlopSpeedOptions => ({
  backbone: tinyBackbone(1),
  config,
  steps: 2,
  batchSize: 2,
  ...more,
});

describe("prepareSteps", () => {
  it("takes a step on each of the batches it shows: their losses fall", async () => {
    const work = await prepareSteps(documents, options());
    const before = await work.check();
    for (let index = 0; index < 10; index += 1) await work.run();
    const after = await work.check();
    work.dispose();

    expect(work.documents).toBe(4);
    expect(work.input.batches.map((batch) => batch.length)).toEqual([2, 2]);
    expect(before).toHaveLength(2);
    for (const [index, loss] of after.entries()) expect(loss).toBeLessThan(before[index] as number);
  });

  it("refuses fewer documents than its steps take", async () => {
    const prepared = prepareSteps(documents, options({ steps: 4 }));

    await expect(prepared).rejects.toThrow("documents must hold 8 with pairs for 4 steps, got 6.");
  });
});

describe("prepareInference", () => {
  it("gives the scores of the model that it saves, by batch, document, pair and relation", async () => {
    const directory = join(root, "model");
    const backbone = tinyBackbone(1);
    await backbone.tokenizer.prepare([...documents.flatMap(({ sentences }) => sentences.flat()), "*"]);
    const work = await prepareInference(documents, options({ backbone, counterpart: { directory } }));
    const numbers = await work.check();

    const loaded = await loadAtlop(directory);
    const scores = await loaded.scoreAll(documents.map((document) => ({ ...document, labelled: false })));
    const expected = work.input.batches
      .flat()
      .flatMap(({ documentId, pairs }) =>
        pairs.flatMap(([head, tail]) =>
          config.relations.map(
            (relation) =>
              scores.find(
                (each) =>
                  each.documentId === documentId &&
                  each.head === head &&
                  each.tail === tail &&
                  each.relation === relation,
              )?.score,
          ),
        ),
      );
    expect(numbers).toHaveLength(expected.length);
    for (const [index, value] of numbers.entries()) expect(value).toBeCloseTo(expected[index] as number, 4);
    work.dispose();
    loaded.dispose();
  });

  it("leaves out documents of several rows only where a counterpart follows", async () => {
    const directory = join(root, "short");
    const all = [...documents, longText];
    const alone = await prepareInference(all, options());
    const compared = await prepareInference(all, options({ counterpart: { directory } }));

    expect([alone.documents, compared.documents]).toEqual([7, 6]);
    expect(compared.input.batches.flat().map(({ documentId }) => documentId)).not.toContain("long");
    expect(existsSync(directory)).toBe(true);
    alone.dispose();
    compared.dispose();
  });
});

describe("the work", () => {
  it.each([
    ["steps", prepareSteps],
    ["inference", prepareInference],
  ])("of %s leaves no tensor behind", async (_, prepare) => {
    const before = tf.memory().numTensors;
    const work = await prepare(documents, options());
    await work.check();
    await work.run();

    work.dispose();

    expect(tf.memory().numTensors).toBe(before);
  });
});
