import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { entityTypes } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import { definePureConfig } from "./config.ts";
import { loadPure } from "./extractor.ts";
import { prepareInference, prepareSteps, type PureSpeedOptions } from "./speed.ts";

const documents = syntheticDocuments({ seed: 1, count: 6, relations: ["likes", "knows"] });

function createOptions(approximate = false): PureSpeedOptions {
  const labels = { entityTypes: entityTypes(documents), relations: ["likes", "knows"] };
  const config = definePureConfig({ ...labels, relationContextWords: 0, maxTokens: 64, approximate });
  return { backbone: tinyBackbone(1), config, steps: 2, batchSize: 4 };
}

it("takes a step on each of the batches it shows: their losses fall", async () => {
  const before = tf.memory().numTensors;
  const work = await prepareSteps(documents, createOptions());

  const first = await work.check();
  for (let index = 0; index < 5; index += 1) await work.run();
  const last = await work.check();
  work.dispose();

  expect(work.input.batches.map(({ length }) => length)).toEqual([4, 4]);
  expect(first).toHaveLength(2);
  for (const [index, loss] of last.entries()) expect(loss).toBeLessThan(first[index] as number);
  expect(tf.memory().numTensors).toBe(before);
});

it("refuses fewer pairs than its steps take", async () => {
  await expect(prepareSteps(documents, { ...createOptions(), steps: 100 })).rejects.toThrow(
    /^documents must give 100 batches of 4 texts with pairs, got \d+\.$/,
  );
});

it.each([false, true])(
  "gives a probability for each pair of the model that it saves, approximate: %s",
  async (approximate) => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-pure-"));
    const before = tf.memory().numTensors;
    const work = await prepareInference(documents, { ...createOptions(approximate), counterpart: { directory } });

    const scores = await work.check();
    await work.run();
    work.dispose();

    // Two entities a sentence, so two pairs, in one text or in two.
    const sentences = documents.flatMap((document) => document.sentences).length;
    const texts = work.input.batches.flat();
    expect(work.documents).toBe(sentences);
    expect(texts).toHaveLength(approximate ? sentences : 2 * sentences);
    expect(scores).toHaveLength(2 * sentences);
    // The likeliest of three labels.
    for (const score of scores) expect(score).toBeGreaterThan(1 / 3);
    expect(tf.memory().numTensors).toBe(before);
    const loaded = await loadPure(directory);
    expect(loaded.model.entity).toBeUndefined();
    loaded.dispose();
    rmSync(directory, { recursive: true });
  },
);
