import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { entityTypes } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import { definePureConfig } from "./config.ts";
import { loadPure } from "./extractor.ts";
import { prepareExtraction, prepareTraining, type PureSpeedOptions } from "./speed.ts";

const documents = syntheticDocuments({ seed: 1, count: 6, relations: ["likes", "knows"] });

function createOptions(approximate = false): PureSpeedOptions {
  const labels = { entityTypes: entityTypes(documents), relations: ["likes", "knows"] };
  const config = definePureConfig({ ...labels, relationContextWords: 0, maxTokens: 64, approximate });
  return { backbone: tinyBackbone(1), config, seed: 1 };
}

it("gives texts and the loss of the model to train on them", async () => {
  const before = tf.memory().numTensors;
  const work = await prepareTraining(documents, createOptions());

  const batch = work.collate(work.features.slice(0, 4));
  const loss = work.model.loss(batch, INFERENCE);
  const [value] = await loss.data();
  tf.dispose([batch, loss] as unknown as tf.TensorContainer);
  work.optimizer.dispose();
  work.model.dispose();

  // Two entities a sentence, so two pairs, each with its own text.
  expect(work.features).toHaveLength(2 * documents.flatMap((document) => document.sentences).length);
  expect(work.lengthOf?.(work.features[0] as (typeof work.features)[number])).toBe(work.features[0]?.tokenIds.length);
  // Three labels, weights near zero.
  expect(Math.abs((value as number) - Math.log(3))).toBeLessThan(0.3);
  expect(tf.memory().numTensors).toBe(before);
});

it.each([false, true])(
  "gives a probability for each pair of the model that it saves, approximate: %s",
  async (approximate) => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-pure-"));
    const before = tf.memory().numTensors;
    const work = await prepareExtraction(documents, { ...createOptions(approximate), counterpart: { directory } });

    const scores = await work.scores();
    await work.run();
    work.dispose();

    // Two entities a sentence, so two pairs, in one text or in two.
    const sentences = documents.flatMap((document) => document.sentences).length;
    expect(work.count).toBe(sentences);
    expect(work.batches.flat()).toHaveLength(approximate ? sentences : 2 * sentences);
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
