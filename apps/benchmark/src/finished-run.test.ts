import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { loadToyAdapter, toyContext } from "./__fixtures__/toy-context.ts";
import type { PaperAdapter } from "./adapter.ts";
import { trainCommand } from "./commands/train.ts";
import { readFinishedRun } from "./finished-run.ts";
import { GoldLoader } from "./gold.ts";
import { collectRows } from "./results.ts";
import { runFiles } from "./run-directory.ts";

let root: string;
let adapter: PaperAdapter;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  adapter = await loadToyAdapter();
  const experiment = {
    name: "mine",
    paper: "toy",
    data: { dataset: "sample-world", documents: { train: 8, development: 4, test: 4 } },
    encoder: "none",
    training: { epochs: 1, batchSize: 4, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
  };
  await writeFile(join(root, "experiment.json"), JSON.stringify(experiment));
  for (const seed of [1, 2]) {
    await trainCommand(join(root, "experiment.json"), { out: join(root, `seed-${seed}`), seed }, toyContext());
  }
}, 120_000);
afterEach(() => rm(root, { recursive: true, force: true }));

/** Makes a run look as if it were from before there were curves and other scores than F1. */
async function makeOld(directory: string, f1: number): Promise<void> {
  const { scores, curves } = runFiles(directory);
  const written = JSON.parse(await readFile(scores, "utf8")) as Record<string, object>;
  const reduced = Object.entries(written).map(([split, one]) => [split, { ...one, metrics: { F1: f1 } }] as const);
  await writeFile(scores, JSON.stringify(Object.fromEntries(reduced)));
  await rm(curves);
}

describe("readFinishedRun", () => {
  it("counts scores that an old run lacks from its predictions, and leaves those it wrote", async () => {
    const directory = join(root, "seed-1");
    const before = await readFinishedRun(directory, { adapter, gold: new GoldLoader(undefined) });
    await makeOld(directory, 12.5);

    const after = await readFinishedRun(directory, { adapter, gold: new GoldLoader(undefined) });

    const { F1, AUC, "Ign AUC": ignored, ...others } = before.scores.development.metrics;
    expect([F1, AUC, ignored].every((score) => score !== undefined)).toBe(true);
    expect(Object.keys(others).filter((name) => name.endsWith("entities")).length).toBeGreaterThan(0);
    expect(after.scores.development.metrics).toEqual({ F1: 12.5, ...others });
  });

  it("gives scores as they were written where the documents are not asked for", async () => {
    await makeOld(join(root, "seed-1"), 12.5);

    expect((await readFinishedRun(join(root, "seed-1"))).scores.test?.metrics).toEqual({ F1: 12.5 });
  });
});

describe("collectRows", () => {
  it("takes a score that one of the seeds lacks from the others", async () => {
    await makeOld(join(root, "seed-1"), 12.5);

    const rows = await collectRows([join(root, "seed-1"), join(root, "seed-2")], [adapter]);

    const seedsOf = (metric: string): readonly number[] | undefined =>
      rows.find((row) => row.metric === metric && row.split === "test")?.seeds;
    expect([seedsOf("F1"), seedsOf("AUC")]).toEqual([[1, 2], [2]]);
  });
});
