import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { defineExperiment } from "./experiment.ts";
import { openRunDirectory, readRunConfig, readRunScores, type RunConfig, runFiles } from "./run-directory.ts";

const experiment = defineExperiment(
  {
    name: "mine",
    paper: "toy",
    data: { dataset: "sample-world" },
    encoder: "none",
    config: { size: 3 },
    training: { epochs: 2, batchSize: 4, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
  },
  "mine.json",
);
const config: RunConfig = {
  experiment,
  seed: 1,
  dataset: "sample-world",
  data: { train: "abc" },
  relations: ["owner"],
  engine: "native",
  versions: { node: "20.0.0", "@relatum/toy": "1.0.0" },
  command: "relatum-bench train mine.json",
};

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "relatum-")), "run");
});
afterEach(() => rm(join(directory, ".."), { recursive: true, force: true }));

describe("openRunDirectory", () => {
  it("begins a run by writing its config", async () => {
    const state = await openRunDirectory(directory, config);

    expect(state).toBe("new");
    expect(await readRunConfig(directory)).toEqual(config);
  });

  it("goes on with the same run, and knows a finished one by its scores", async () => {
    await openRunDirectory(directory, config);
    const second = await openRunDirectory(directory, config);
    await writeFile(runFiles(directory).scores, "{}");
    const third = await openRunDirectory(directory, config);

    expect([second, third]).toEqual(["unfinished", "done"]);
  });

  it("goes on where only names, notes, the engine or Node differ", async () => {
    await openRunDirectory(directory, config);
    const renamed = { ...experiment, name: "other", seeds: [1, 2], differences: "a note" };
    const versions = { ...config.versions, node: "22.0.0" };
    const state = await openRunDirectory(directory, { ...config, experiment: renamed, engine: "cpu", versions });

    expect(state).toBe("unfinished");
  });

  it("takes the scores of a run that another version finished", async () => {
    await openRunDirectory(directory, config);
    await writeFile(runFiles(directory).scores, "{}");

    expect(await openRunDirectory(directory, { ...config, versions: { "@relatum/toy": "2.0.0" } })).toBe("done");
  });

  it("removes what a killed process had begun to write", async () => {
    await openRunDirectory(directory, config);
    const { model, checkpoints } = runFiles(directory);
    for (const path of [model, `${model}.partial`, checkpoints]) await mkdir(path);
    for (const path of [`${directory}/scores.json.17.partial`, `${model}/README.md.17.partial`, `${model}/config.json`])
      await writeFile(path, "half");

    await openRunDirectory(directory, config);

    expect((await readdir(directory, { recursive: true })).toSorted()).toEqual([
      "checkpoints",
      "config.json",
      "model",
      "model/config.json",
    ]);
  });

  it("starts anew where the code is at another revision, and goes on at the same one", async () => {
    await openRunDirectory(directory, { ...config, revision: "one" });
    await writeFile(runFiles(directory).scores, "{}");
    const same = await openRunDirectory(directory, { ...config, revision: "one" });
    const other = await openRunDirectory(directory, { ...config, seed: 2, revision: "two" });

    expect([same, other]).toEqual(["done", "new"]);
    expect(await readRunConfig(directory)).toMatchObject({ seed: 2, revision: "two" });
    await expect(readRunScores(directory)).rejects.toThrow("must hold a finished run");
  });

  it("keeps a run that was started without a revision", async () => {
    await openRunDirectory(directory, config);

    expect(await openRunDirectory(directory, { ...config, revision: "one" })).toBe("unfinished");
  });

  it.each([
    ["the seed", { ...config, seed: 2 }, "seed is 1 there and 2 here"],
    ["the data", { ...config, data: { train: "abd" } }, 'data.train is "abc" there and "abd" here'],
    [
      "the version",
      { ...config, versions: { node: "20.0.0", "@relatum/toy": "2.0.0" } },
      'versions.@relatum/toy is "1.0.0" there and "2.0.0" here',
    ],
    [
      "a setting",
      { ...config, experiment: { ...experiment, config: { size: 4 } } },
      "experiment.config.size is 3 there and 4 here",
    ],
    [
      "a setting that was not there",
      { ...config, experiment: { ...experiment, training: { ...experiment.training, accumulate: 2 } } },
      "experiment.training.accumulate is absent there and 2 here",
    ],
  ])("refuses another run and names %s", async (_, other, difference) => {
    await openRunDirectory(directory, config);
    const before = await readFile(runFiles(directory).config, "utf8");

    await expect(openRunDirectory(directory, other)).rejects.toThrow(difference);
    expect(await readFile(runFiles(directory).config, "utf8")).toBe(before);
  });
});

describe("readRunConfig and readRunScores", () => {
  it("say what is missing", async () => {
    await expect(readRunConfig(directory)).rejects.toThrow("must be a run directory, got no config.json in it.");
    await expect(readRunScores(directory)).rejects.toThrow("must hold a finished run, got no scores.json in it.");
  });
});
