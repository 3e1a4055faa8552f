import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { formatModelCard } from "@relatum/encoders";
import { afterEach, beforeEach, expect, it } from "vitest";

import { defineExperiment } from "./experiment.ts";
import { describeModel } from "./model-card.ts";
import type { RunConfig } from "./run-directory.ts";

const config: RunConfig = {
  experiment: defineExperiment(
    {
      name: "mine",
      paper: "toy",
      data: { dataset: "sample-world" },
      encoder: "tiny",
      training: { epochs: 2, batchSize: 4, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
      differences: "shorter",
    },
    "mine.json",
  ),
  seed: 7,
  dataset: "Sample world",
  data: { train: "abc" },
  relations: ["owner"],
  engine: "native",
  versions: { node: "20.0.0" },
  command: "relatum-bench train mine.json",
};
const counts = { correct: 1, predicted: 2, gold: 3 };
const scores = { development: { documents: 5, counts, metrics: { F1: 40 } } };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(directory, { recursive: true }));

it("writes data, recipe and scores into the card of the model", async () => {
  const card = { title: "Toy", package: "toy", load: "loadToy", relations: ["owner"], config: {} };
  await writeFile(join(directory, "README.md"), formatModelCard(card));

  await describeModel(directory, config, scores);

  const text = await readFile(join(directory, "README.md"), "utf8");
  expect(text).toContain("Sample world; SHA-256");
  expect(text).toContain("`abc`");
  expect(text).toContain("Experiment `mine` (full), seed 7, from the encoder tiny");
  expect(text).toContain("Differs from the paper: shorter.");
  expect(text).toMatch(/\| development +\| 5 +\| 40\.00/);
  expect(text).not.toContain("Not recorded.");
});

it("adds no card to a model without one", async () => {
  await describeModel(directory, config, scores);

  expect(await readdir(directory)).toEqual([]);
});
