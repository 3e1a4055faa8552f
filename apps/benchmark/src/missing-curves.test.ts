import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { loadToyAdapter, toyContext } from "./__fixtures__/toy-context.ts";
import { trainCommand } from "./commands/train.ts";
import { GoldLoader } from "./gold.ts";
import { drawMissingCurves } from "./missing-curves.ts";
import { runFiles } from "./run-directory.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  const experiment = {
    name: "mine",
    paper: "toy",
    data: { dataset: "sample-world", documents: { train: 8, development: 4, test: 4 } },
    encoder: "none",
    training: { epochs: 1, batchSize: 4, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
  };
  await writeFile(join(root, "experiment.json"), JSON.stringify(experiment));
  await trainCommand(join(root, "experiment.json"), { out: join(root, "run") }, toyContext());
}, 120_000);
afterEach(() => rm(root, { recursive: true, force: true }));

describe("drawMissingCurves", () => {
  it("draws the same curves as the run would have, with the run's model", async () => {
    const { curves } = runFiles(join(root, "run"));
    const drawn = await readFile(curves, "utf8");
    await rm(curves);
    const adapters = [await loadToyAdapter()];

    await drawMissingCurves([join(root, "run")], { ...toyContext(), adapters, gold: new GoldLoader(undefined) });

    expect(await readFile(curves, "utf8")).toBe(drawn);
  });

  it("says why it draws none, and leaves curves that are there alone", async () => {
    const { curves, model } = runFiles(join(root, "run"));
    const context = { ...toyContext(), adapters: [await loadToyAdapter()], gold: new GoldLoader(undefined) };
    await rm(model, { recursive: true });
    await drawMissingCurves([join(root, "run")], context);
    const before = [...context.notices];
    await rm(curves);

    await drawMissingCurves([join(root, "run")], context);

    expect([before, context.notices]).toEqual([[], [expect.stringContaining("run: no curve, for its model is gone.")]]);
    expect(existsSync(curves)).toBe(false);
  });
});
