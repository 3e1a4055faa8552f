import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { toyContext } from "../__fixtures__/toy-context.ts";
import type { Comparison } from "../compare-runs.ts";
import { runFiles } from "../run-directory.ts";
import { compareCommand } from "./compare.ts";
import { trainCommand } from "./train.ts";

const SEEDS = [1, 2];

let root: string;
const place = (...names: string[]): string => join(root, ...names);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  const experiment = {
    name: "toys",
    paper: "toy",
    seeds: SEEDS,
    data: { dataset: "sample-world", documents: { train: 6, development: 12, test: 12 } },
    encoder: "none",
    training: { epochs: 1, batchSize: 2, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
  };
  await writeFile(place("experiment.json"), JSON.stringify(experiment));
  for (const seed of SEEDS) {
    await trainCommand(place("experiment.json"), { out: place("base", `seed-${seed}`), seed }, toyContext());
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** The runs of the base with other predictions, scores and times, as a change of the code would leave them. */
async function changeRuns(
  name: string,
  { keep = 1, f1, secondsPerStep = 1 }: { keep?: number; f1?: number; secondsPerStep?: number },
): Promise<string> {
  await cp(place("base"), place(name), { recursive: true });
  for (const seed of SEEDS) {
    const files = runFiles(place(name, `seed-${seed}`));
    for (const split of ["development", "test"]) {
      const text = await readFile(files.predictions(split), "utf8");
      const lines = text.split("\n").filter((line) => line !== "");
      const kept = lines.map((line) => {
        const found = JSON.parse(line) as { relations: unknown[] };
        return { ...found, relations: found.relations.slice(0, Math.round(found.relations.length * keep)) };
      });
      await writeFile(files.predictions(split), kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    }
    const scores = JSON.parse(await readFile(files.scores, "utf8")) as Record<string, { metrics: { F1: number } }>;
    for (const split of Object.values(scores)) split.metrics.F1 = f1 ?? split.metrics.F1;
    await writeFile(files.scores, JSON.stringify(scores));
    await writeFile(files.log, logWith(secondsPerStep));
  }
  return place(name);
}

/** A log of four steps; the first of an epoch also takes what lies between the epochs. */
function logWith(seconds: number): string {
  const times = [0, seconds, 2 * seconds, 2 * seconds + 100, 3 * seconds + 100];
  const events = times.map((time, index) => ({
    time: new Date(1000 * time).toISOString(),
    kind: "step",
    epoch: index < 3 ? 1 : 2,
  }));
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

async function compare(base: string, head: string): Promise<{ found: Comparison[]; printed: string }> {
  const context = toyContext();
  await compareCommand(base, head, { json: place("comparison.json") }, context);
  const found = JSON.parse(await readFile(place("comparison.json"), "utf8")) as Comparison[];
  return { found, printed: context.printed.join("\n") };
}

describe("compare", () => {
  it("finds no difference between runs that found the same", async () => {
    const { found, printed } = await compare(place("base"), await changeRuns("same", {}));

    expect(found.map(({ split, seeds, pValue, interval }) => ({ split, seeds, pValue, interval }))).toEqual([
      { split: "development", seeds: SEEDS, pValue: 1, interval: [0, 0] },
      { split: "test", seeds: SEEDS, pValue: 1, interval: [0, 0] },
    ]);
    expect(printed.match(/ same /g)).toHaveLength(2);
  });

  it("calls runs worse that lost what was right in every document, and the other way round better", async () => {
    const head = await changeRuns("blind", { keep: 0, f1: 0 });

    const lost = await compare(place("base"), head);
    const won = await compare(head, place("base"));

    // Of 2^12 ways to change the sides of twelve documents, two lie as far from 0 as the truth.
    expect(lost.found[0]?.pValue).toBeLessThan(0.01);
    expect(lost.found[0]?.interval?.[1]).toBeLessThan(0);
    expect(lost.printed.match(/ worse /g)).toHaveLength(2);
    expect(won.printed.match(/ better /g)).toHaveLength(2);
  });

  it("gives the ratio of the medians of steps that follow each other", async () => {
    const base = await changeRuns("slow", { secondsPerStep: 3 });
    const head = await changeRuns("fast", { secondsPerStep: 2 });

    const { found, printed } = await compare(base, head);

    expect(found[0]?.speed).toBeCloseTo(1.5, 12);
    expect(printed).toContain("1.50×");
  });

  it("refuses runs on other data", async () => {
    const head = await changeRuns("other-data", {});
    for (const seed of SEEDS) {
      const { config } = runFiles(join(head, `seed-${seed}`));
      await writeFile(
        config,
        (await readFile(config, "utf8")).replaceAll(/"train": "[0-9a-f]{8}/g, '"train": "00000000'),
      );
    }

    await expect(compare(place("base"), head)).rejects.toThrow(/must be runs on the same data/);
  });

  it("compares results by their seeds where there are no runs", async () => {
    const row = {
      model: "Toy",
      variant: "full",
      experiment: "toys",
      dataset: "Toys",
      split: "test",
      metric: "F1",
      encoder: "none",
      mean: 50,
      command: "",
      differences: [],
    };
    const rows = (values: number[]): string =>
      JSON.stringify([
        { ...row, seeds: [1, 2, 3], values },
        { ...row, metric: "Recall", seeds: [1], values: [1] },
      ]);
    await writeFile(place("before.json"), rows([50, 52, 54]));
    await writeFile(place("after.json"), rows([51, 54, 57]));

    const { found } = await compare(place("before.json"), place("after.json"));

    // All three seeds rose: of the eight choices of signs, two are as far from 0.
    expect(found).toEqual([
      expect.objectContaining({ base: 52, head: 54, seeds: [1, 2, 3], pValue: 0.25 }) as Comparison,
    ]);
  });

  it("says what it needs where it finds nothing", async () => {
    await expect(compare(place("nowhere"), place("base"))).rejects.toThrow(
      "nowhere must hold finished runs or a results.json, but is not there.",
    );
  });
});
