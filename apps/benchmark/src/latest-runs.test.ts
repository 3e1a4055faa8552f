import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { loadToyAdapter } from "./__fixtures__/toy-context.ts";
import { loadExperiments } from "./adapters.ts";
import type { Experiment } from "./experiment.ts";
import { latestRuns } from "./latest-runs.ts";
import { runFiles } from "./run-directory.ts";

let root: string;
let toys: Experiment;
beforeEach(async () => {
  toys = (await loadExperiments(await loadToyAdapter()))[0] as Experiment;
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Writes a run that was finished some seconds after 1970 began. */
async function writeRun(
  place: string,
  finished: number,
  { paper = "toy", name = "one", seed = 1, train = "hash" } = {},
): Promise<string> {
  const directory = join(root, place);
  const { config, scores } = runFiles(directory);
  await mkdir(directory);
  const experiment = { ...toys, paper, name };
  const rest = { dataset: "Toys", relations: ["likes"], engine: "cpu", versions: {}, command: "typed" };
  await writeFile(config, JSON.stringify({ experiment, seed, data: { train }, ...rest }));
  await writeFile(scores, "{}");
  await utimes(scores, finished, finished);
  return directory;
}

describe("latestRuns", () => {
  it("keeps the last of the runs of one experiment and seed, wherever they lie", async () => {
    const [copy, last, first] = [await writeRun("a", 20), await writeRun("b", 30), await writeRun("c", 10)];

    expect(await latestRuns([copy, last, first])).toEqual({ runs: [last], earlier: [copy, first] });
  });

  it("keeps runs that differ in paper, experiment, seed or data", async () => {
    const runs = [
      await writeRun("a", 1),
      await writeRun("b", 2, { paper: "other" }),
      await writeRun("c", 3, { name: "two" }),
      await writeRun("d", 4, { seed: 2 }),
      await writeRun("e", 5, { train: "another hash" }),
    ];

    expect(await latestRuns(runs)).toEqual({ runs, earlier: [] });
  });
});
