import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { PaperAdapter } from "./adapter.ts";
import { loadExperiments } from "./adapters.ts";
import type { Experiment } from "./experiment.ts";
import { collectRows, mergeRows, type ResultRow } from "./results.ts";
import { formatRows, writeResults } from "./results-page.ts";
import { runFiles } from "./run-directory.ts";
import { loadToyAdapter } from "./__fixtures__/toy-context.ts";

let root: string;
let adapter: PaperAdapter;
let experiment: Experiment;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  adapter = await loadToyAdapter();
  experiment = (await loadExperiments(adapter))[0] as Experiment;
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Writes a finished run whose F1 on development and test documents is given, in percent. */
async function writeRun(seed: number, development: number, test: number, command = "typed"): Promise<string> {
  const directory = join(root, `seed-${seed}`);
  const files = runFiles(directory);
  const scores = (f1: number): object => ({ documents: 4, counts: {}, metrics: { F1: f1 } });
  await mkdir(directory);
  await writeFile(
    files.config,
    JSON.stringify({ experiment, seed, dataset: "sample-world", data: {}, engine: "native", command }),
  );
  await writeFile(files.scores, JSON.stringify({ development: scores(development), test: scores(test) }));
  return directory;
}

describe("collectRows", () => {
  it("puts the seeds of an experiment into one row for each split, in order, with their mean", async () => {
    const directories = [await writeRun(2, 30, 25), await writeRun(1, 10, 20)];

    const rows = await collectRows(directories, [adapter]);

    expect(rows).toMatchObject([
      { model: "Toy", variant: "full", dataset: "sample-world", split: "development", values: [10, 30], mean: 20 },
      { split: "test", encoder: "untrained", metric: "F1", values: [20, 25], mean: 22.5, seeds: [1, 2] },
    ]);
  });

  it("sets the published number beside, with what differs", async () => {
    const [, row] = await collectRows([await writeRun(1, 10, 20)], [adapter]);

    expect(row?.published).toMatchObject({ value: 50.5, source: "Table 1" });
    expect(row?.differences).toEqual(["paper's encoder: BERT-base", "paper's data: World", "no learning"]);
  });

  it("sets no published test score beside development documents where test documents were scored too", async () => {
    const [row] = await collectRows([await writeRun(1, 10, 20)], [adapter]);

    expect(row?.split).toBe("development");
    expect(row?.published).toBeUndefined();
  });

  it("sets what the authors' code reaches beside, on the same data with the same encoder alone", async () => {
    const [development, test] = await collectRows([await writeRun(1, 10, 20)], [adapter]);
    experiment = { ...experiment, encoderLayers: 2 };
    const [, cut] = await collectRows([await writeRun(2, 10, 20)], [adapter]);

    expect([development?.reference, cut?.reference]).toEqual([undefined, undefined]);
    expect(test?.reference).toMatchObject({ values: [30, 31], recipe: "2 epochs" });
  });

  it("keeps experiments of one name apart that belong to two papers", async () => {
    const one = await writeRun(1, 10, 20);
    experiment = { ...experiment, paper: "other" };
    const other = await writeRun(2, 30, 40);

    const rows = await collectRows([one, other], [adapter]);

    expect(rows.map(({ model, values }) => [model, values])).toEqual([
      ["Toy", [10]],
      ["Toy", [20]],
      ["other", [30]],
      ["other", [40]],
    ]);
    expect(mergeRows(rows.slice(2), rows.slice(0, 2))).toHaveLength(4);
  });

  it("gives the command for all seeds, or for the only one", async () => {
    const one = await writeRun(1, 10, 20);
    const two = await writeRun(2, 10, 20);
    const command = "npm run bench -- run --suite quick --paper toy --experiment toy-quick";

    expect((await collectRows([one, two], [adapter]))[0]?.command).toBe(command);
    expect((await collectRows([two], [adapter]))[0]?.command).toBe(`${command} --seed 2`);
  });

  it("gives the typed command of a run on its own, without the places of its machine", async () => {
    experiment = { ...experiment, suite: "own" };
    const typed = "relatum-bench train /home/me/mine.json --data '/my data' --out runs/mine --seed 3";

    const [row] = await collectRows([await writeRun(3, 10, 20, typed)], [adapter]);

    expect(row?.command).toBe("npm run bench -- train mine.json --data DATA --out RUN --seed 3");
  });
});

describe("mergeRows", () => {
  it("replaces all rows of an experiment that was run again and keeps the others", async () => {
    const [row] = (await collectRows([await writeRun(1, 10, 20)], [adapter])) as [ResultRow];
    const others = [
      { ...row, experiment: "another" },
      { ...row, model: "Namesake" },
      { ...row, dataset: "Other data" },
    ];
    const old = [row, { ...row, split: "test" }, ...others];

    const merged = mergeRows(old, [{ ...row, mean: 99 }]);

    expect(merged.map(({ experiment: name, model, dataset, mean }) => [name, model, dataset, mean])).toEqual([
      ["another", "Toy", "sample-world", 10],
      ["toy-quick", "Namesake", "sample-world", 10],
      ["toy-quick", "Toy", "Other data", 10],
      ["toy-quick", "Toy", "sample-world", 99],
    ]);
  });
});

describe("writeResults", () => {
  it("writes every row as JSON and a page that says where the paper's number is no yardstick", async () => {
    const rows = await collectRows([await writeRun(1, 10, 20)], [adapter]);

    await writeResults(root, rows);

    expect(JSON.parse(await readFile(join(root, "results.json"), "utf8"))).toEqual(JSON.parse(JSON.stringify(rows)));
    expect(await readFile(join(root, "results.md"), "utf8")).toContain(
      "| 30.50 (2 seeds, 2 epochs) | 50.5 (Table 1) | paper's encoder: BERT-base; paper's data: World; no learning |",
    );
  });
});

describe("formatRows", () => {
  it("shows a line for each split, with a dash for what was not measured and no column that nothing fills", async () => {
    const lines = formatRows(await collectRows([await writeRun(1, 10, 20)], [adapter])).split("\n");

    expect(lines[2]).toMatch(/^Toy +full +sample-world +development +untrained +10\.00 +10\.00 +– +–$/);
    expect(lines[3]).toMatch(/ test +untrained +20\.00 /);
    expect(lines.at(-1)).toBe(
      "* Toy full, sample-world test: paper's encoder: BERT-base; paper's data: World; no learning",
    );
  });
});
