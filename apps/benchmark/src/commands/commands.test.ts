import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Document, formatDocred, sampleWorld } from "@relatum/datasets";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { toyContext } from "../__fixtures__/toy-context.ts";
import { runFiles } from "../run-directory.ts";
import { evaluateCommand } from "./evaluate.ts";
import { predictCommand } from "./predict.ts";
import { reportCommand } from "./report.ts";
import { runCommand } from "./run.ts";
import { trainCommand } from "./train.ts";

/** More documents than one chunk of extraction takes. */
const documents: readonly Document[] = sampleWorld({ seed: 5, documents: 30, split: "test" }).documents;

let root: string;
let run: string;
const place = (name: string): string => join(root, name);
const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8")) as unknown;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  run = place("run");
  const train = sampleWorld({ seed: 5, documents: 10 }).documents;
  const unlabelled = documents.map((document) => ({ ...document, labelled: false, relations: [] }));
  const mixed = [...train.slice(1), ...unlabelled.slice(0, 1)];
  const files = { train, test: documents, hidden: unlabelled, mixed, repeated: [train[0], train[0]] };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(place(`${name}.json`), JSON.stringify(formatDocred(content as Document[])));
  }
  await writeFile(place("experiment.json"), JSON.stringify(experiment({})));
  await trainCommand(place("experiment.json"), { data: root, out: run }, toyContext());
});
afterAll(() => rm(root, { recursive: true, force: true }));

function experiment(data: Record<string, string>): object {
  return {
    name: "mine",
    paper: "toy",
    data: { name: "Mine", format: "docred", train: "train.json", development: "test.json", ...data },
    encoder: "none",
    training: { epochs: 1, batchSize: 4, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
  };
}

async function trainOn(data: Record<string, string>, name: string): Promise<void> {
  await writeFile(place(`${name}-experiment.json`), JSON.stringify(experiment(data)));
  await trainCommand(place(`${name}-experiment.json`), { data: root, out: place(name) }, toyContext());
}

describe("train", () => {
  it("leaves a run directory with config, log, scores, predictions and model, and no checkpoints", async () => {
    const files = await readdir(run);
    const log = (await readFile(runFiles(run).log, "utf8")).trim().split("\n");

    expect(files.toSorted()).toEqual([
      "config.json",
      "curves.json",
      "log.jsonl",
      "model",
      "predictions-development.jsonl",
      "scores.json",
      "train-facts.json",
    ]);
    const kinds = log.map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(kinds.join(" ")).toBe("start step step step scores epoch scores done");
    expect(await readJson(runFiles(run).config)).toMatchObject({
      seed: 66,
      data: { train: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      versions: { node: process.versions.node },
    });
  });

  it("predicts a hidden test set and leaves its scores out", async () => {
    await trainOn({ test: "hidden.json" }, "with-hidden-test");

    const scores = await readJson(runFiles(place("with-hidden-test")).scores);
    const lines = (await readFile(runFiles(place("with-hidden-test")).predictions("test"), "utf8")).trim().split("\n");
    expect(Object.keys(scores as object)).toEqual(["development"]);
    expect(lines).toHaveLength(documents.length);
  });

  it.each([
    [
      "development documents without labels",
      { development: "hidden.json" },
      "must be labelled to be scored, got 30 of",
    ],
    [
      "training documents without labels among others",
      { train: "mixed.json" },
      "must be labelled to be scored, got 1 of",
    ],
    ["documents to predict of one id", { development: "repeated.json" }, "must have different ids"],
    ["a file that is not there", { test: "missing.json" }, "missing.json"],
  ])("refuses %s before anything is written", async (_, data, message) => {
    await expect(trainOn(data, "refused")).rejects.toThrow(message);
    expect(existsSync(place("refused"))).toBe(false);
  });

  it("refuses a label file that lacks a relation of the training documents", async () => {
    await writeFile(place("labels.json"), JSON.stringify(["owner"]));

    await expect(trainOn({ labels: "labels.json" }, "refused")).rejects.toThrow("labels.json must name every relation");
  });

  it("passes on what the paper says about its settings", async () => {
    const wrong = { ...experiment({}), config: { size: 0 } };
    await writeFile(place("wrong.json"), JSON.stringify(wrong));

    await expect(trainCommand(place("wrong.json"), { data: root }, toyContext())).rejects.toThrow(
      "size must be positive, got 0.",
    );
  });
});

describe("run", () => {
  it("runs the suite with each seed, writes the results, and does nothing the second time", async () => {
    const out = place("suite");
    const context = toyContext();
    await runCommand({ suite: "quick", out }, context);
    const log = await readFile(runFiles(join(out, "toy", "toy-quick", "seed-1")).log, "utf8");
    await runCommand({ suite: "quick", out }, toyContext());

    expect(await readFile(runFiles(join(out, "toy", "toy-quick", "seed-1")).log, "utf8")).toBe(log);
    // Eleven scores of each of two splits.
    expect(await readJson(join(out, "results.json"))).toMatchObject([{ seeds: [1, 2] }, ...Array(21).fill({})]);
    expect(context.printed.join()).toContain("sample-world");
  });

  it("runs one seed and experiment alone, and lists the experiments when none fits", async () => {
    const out = place("single");
    await runCommand({ suite: "quick", out, experiment: "toy-quick", seed: 7 }, toyContext());

    expect(await readdir(join(out, "toy", "toy-quick"))).toEqual(["seed-7"]);
    await expect(runCommand({ suite: "quick", out, experiment: "other" }, toyContext())).rejects.toThrow(
      'experiment must be one of the suite "quick" (toy-quick), got "other".',
    );
  });
});

describe("evaluate", () => {
  it("prints and writes the scores that the run itself had on the same documents", async () => {
    const context = toyContext();
    const json = place("scores/evaluated.json");
    await evaluateCommand(run, { file: place("test.json"), format: "docred", json }, context);

    const { development } = (await readJson(runFiles(run).scores)) as { development: { metrics: object } };
    const written = (await readJson(json)) as {
      metrics: Record<string, number>;
      interval: { interval: [number, number] };
    };
    expect(written.metrics).toEqual(development.metrics);
    expect(written.interval.interval[0]).toBeLessThan(written.metrics["F1"] as number);
    expect(written.interval.interval[1]).toBeGreaterThan(written.metrics["F1"] as number);
    expect(context.printed[0]).toMatch(/^F1 +\d+\.\d\d$/m);
  });

  it("leaves facts of training out of Ign F1: those of the run, or those given", async () => {
    const scoreWith = async (trainFacts?: string): Promise<Record<string, number>> => {
      const json = place("ign.json");
      const options = { file: place("test.json"), format: "docred", json } as const;
      await evaluateCommand(run, trainFacts === undefined ? options : { ...options, trainFacts }, toyContext());
      return ((await readJson(json)) as { metrics: Record<string, number> }).metrics;
    };
    const facts = documents.flatMap(({ entities, relations }) =>
      relations.map(({ head, tail, relation }) => [
        entities[head]?.mentions[0]?.name,
        entities[tail]?.mentions[0]?.name,
        relation,
      ]),
    );
    await writeFile(place("all.fact"), JSON.stringify(facts));

    const own = await scoreWith();
    const all = await scoreWith(place("all.fact"));

    // No name of the training split occurs in the test split; with every fact known, nothing is left to be right.
    expect(own["Ign F1"]).toBeCloseTo(own["F1"] as number, 2);
    expect(all["Ign F1"]).toBe(0);
  });

  it("says that documents without labels cannot be scored", async () => {
    const evaluation = evaluateCommand(run, { file: place("hidden.json"), format: "docred" }, toyContext());

    await expect(evaluation).rejects.toThrow("Documents must be labelled to be scored");
  });

  it("refuses documents whose relations the model does not know", async () => {
    const foreign = documents.slice(0, 2).map((document) => ({
      ...document,
      relations: document.relations.map((fact) => ({ ...fact, relation: "foreign" })),
    }));
    await writeFile(place("foreign.json"), JSON.stringify(formatDocred(foreign)));
    const evaluation = evaluateCommand(run, { file: place("foreign.json"), format: "docred" }, toyContext());

    await expect(evaluation).rejects.toThrow("Documents must have relations that the model knows (birthplace,");
  });

  it("says what is no run", async () => {
    const evaluation = evaluateCommand(place("nowhere"), { file: place("test.json"), format: "docred" }, toyContext());

    await expect(evaluation).rejects.toThrow("must be a run directory");
  });
});

describe("predict", () => {
  it("writes a line for each document in order, without labels", async () => {
    const out = place("found.jsonl");
    await predictCommand(run, { file: place("hidden.json"), format: "docred", out }, toyContext());

    const lines = (await readFile(out, "utf8")).trim().split("\n");
    const found = lines.map((line) => JSON.parse(line) as { id: string; relations: Record<string, unknown>[] });
    expect(found.map(({ id }) => id)).toEqual(documents.map(({ id }) => id));
    const first = found[0]?.relations[0] ?? {};
    const { entities } = documents[0] as Document;
    expect(first).toMatchObject({
      headName: entities[first["head"] as number]?.mentions[0]?.name,
      tailName: entities[first["tail"] as number]?.mentions[0]?.name,
      score: 1,
    });
  });

  it("writes the submission file beside or instead, with the same relations", async () => {
    const file = place("hidden.json");
    const both = { out: place("both.jsonl"), submission: place("both-submission.json") };
    await predictCommand(run, { file, format: "docred", ...both }, toyContext());
    await predictCommand(run, { file, format: "docred", out: place("only.json") }, toyContext());

    const submission = (await readJson(both.submission)) as object[];
    const lines = (await readFile(both.out, "utf8")).trim().split("\n");
    const count = lines.flatMap((line) => (JSON.parse(line) as { relations: object[] }).relations).length;
    expect(submission).toHaveLength(count);
    expect(Object.keys(submission[0] ?? {})).toEqual(["title", "h_idx", "t_idx", "r"]);
    expect(await readJson(place("only.json"))).toEqual(submission);
  });

  it("leaves nothing behind when it is stopped", async () => {
    const out = place("stopped.jsonl");
    const context = toyContext(AbortSignal.abort());
    const prediction = predictCommand(run, { file: place("hidden.json"), format: "docred", out }, context);

    await expect(prediction).rejects.toThrow("Stopped.");
    expect((await readdir(root)).filter((name) => name.startsWith("stopped"))).toEqual([]);
  });
});

describe("report", () => {
  it("gathers finished runs at any depth and keeps earlier rows unless asked for fresh ones", async () => {
    const out = place("results");
    const rowsAfter = async (options: object): Promise<string[]> => {
      await reportCommand({ runs: place("suite"), out, ...options }, toyContext());
      const rows = (await readJson(join(out, "results.json"))) as { experiment: string }[];
      return [...new Set(rows.map((row) => row.experiment))];
    };
    const first = await rowsAfter({ runs: run });
    const second = await rowsAfter({});
    const fresh = await rowsAfter({ fresh: true });

    expect([first, second, fresh]).toEqual([["mine"], ["mine", "toy-quick"], ["toy-quick"]]);
  });

  it("says where there is nothing to gather", async () => {
    await expect(reportCommand({ runs: place("nothing") }, toyContext())).rejects.toThrow("must hold finished runs");
  });
});
