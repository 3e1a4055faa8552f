import { describe, expect, it } from "vitest";

import { defineExperiment, ExperimentError, loadExperiment } from "./experiment.ts";

const complete = {
  name: "mine",
  paper: "toy",
  data: { name: "Mine", format: "docred", train: "train.json", development: "dev.json" },
  encoder: "all-MiniLM-L6-v2",
  training: { epochs: 2, batchSize: 4, encoderLearningRate: 1e-4, headLearningRate: 5e-4, warmup: 0.06 },
};

const errorOf = (json: unknown): string => {
  try {
    defineExperiment(json, "mine.json");
  } catch (error) {
    if (error instanceof ExperimentError) return error.message;
  }
  return "no error";
};

describe("defineExperiment", () => {
  it("fills in what is left out", () => {
    const experiment = defineExperiment(complete, "mine.json");

    expect(experiment).toMatchObject({ variant: "full", suite: "own", seeds: [66], config: {}, selection: "f1" });
  });

  it("takes a data set by name instead of files", () => {
    const experiment = defineExperiment({ ...complete, data: { dataset: "sample-world" } }, "mine.json");

    expect(experiment.data).toEqual({ dataset: "sample-world" });
  });

  it("takes bf16 for the numbers of products, and no other than it knows", () => {
    const withPrecision = (precision: string): object => {
      return { ...complete, training: { ...complete.training, precision } };
    };

    expect(defineExperiment(withPrecision("bf16"), "mine.json").training.precision).toBe("bf16");
    expect(errorOf(withPrecision("float16"))).toContain("training.precision: ");
  });

  it("names the file and each field at fault", () => {
    const message = errorOf({ ...complete, training: { ...complete.training, epochs: 0, batchSize: "4" } });

    expect(message).toMatch(/^mine\.json must describe an experiment:/);
    expect(message).toContain("training.epochs: ");
    expect(message).toContain("training.batchSize: ");
  });

  it.each([
    ["a missing field", { ...complete, encoder: undefined }, "encoder: "],
    ["a misspelt field", { ...complete, seed: 3 }, '"seed"'],
    ["a misspelt field of the data", { ...complete, data: { ...complete.data, tests: "x" } }, "data: "],
    ["an unknown format", { ...complete, data: { ...complete.data, format: "csv" } }, "data.format: "],
    ["a warm-up above 1", { ...complete, training: { ...complete.training, warmup: 6 } }, "training.warmup: "],
    ["a name that cannot name a folder", { ...complete, name: "a/b" }, "name: "],
    ["something that is no object", [1], "the experiment: "],
  ])("refuses %s", (_, json, field) => {
    expect(errorOf(json)).toContain(field);
  });
});

describe("loadExperiment", () => {
  it("says which file cannot be read", async () => {
    await expect(loadExperiment("no-such-file.json")).rejects.toThrow("no-such-file.json must be a readable file");
  });
});
