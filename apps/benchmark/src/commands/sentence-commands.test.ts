import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type Document,
  formatDocred,
  formatSciErc,
  loadDocuments,
  loadPredictions,
  parseSciErc,
  sampleWorld,
  sentenceDocuments,
} from "@relatum/datasets";
import { scoreSentenceRelations } from "@relatum/metrics";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TOY_SENTENCE_ADAPTER, toyContext } from "../__fixtures__/toy-context.ts";
import { runFiles } from "../run-directory.ts";
import { evaluateCommand } from "./evaluate.ts";
import { predictCommand } from "./predict.ts";
import { reportCommand } from "./report.ts";
import { trainCommand } from "./train.ts";

/** Every other document calls all things organisations, so that relations with right places have wrong types. */
const whole = sampleWorld({ seed: 5, documents: 30, split: "test" }).documents.map((document, index): Document => {
  if (index % 2 === 0) return document;
  const entities = document.entities.map(({ mentions }) => ({
    mentions: mentions.map((each) => ({ ...each, type: "ORG" })),
  }));
  return { ...document, entities };
});
const documents: readonly Document[] = sentenceDocuments(whole);

let root: string;
let run: string;
const place = (name: string): string => join(root, name);
const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8")) as unknown;
const context = (): ReturnType<typeof toyContext> => toyContext(undefined, TOY_SENTENCE_ADAPTER);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  run = place("run");
  const train = sampleWorld({ seed: 5, documents: 20 }).documents;
  await writeFile(place("train.json"), formatSciErc(sentenceDocuments(train)));
  await writeFile(place("test.json"), formatSciErc(documents));
  await writeFile(place("whole.json"), JSON.stringify(formatDocred(whole)));
  const bare = documents.map(({ id, sentences }) => JSON.stringify({ doc_key: id, sentences, clusters: [] }));
  await writeFile(place("bare.json"), `${bare.join("\n")}\n`);
  await trainOn({}, "run");
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function trainOn(
  data: Record<string, unknown>,
  out: string,
  more: object = {},
): Promise<ReturnType<typeof context>> {
  const files = { name: "Mine", format: "scierc", train: "train.json", development: "test.json" };
  const experiment = {
    name: "mine",
    paper: "toy-sentence",
    data: "dataset" in data ? data : { ...files, ...data },
    encoder: "none",
    training: {
      epochs: 1,
      batchSize: 4,
      encoderLearningRate: 0,
      headLearningRate: 0,
      warmup: 0,
      stages: { relation: { epochs: 2 } },
    },
    ...more,
  };
  await writeFile(place(`${out}-experiment.json`), JSON.stringify(experiment));
  const used = context();
  await trainCommand(place(`${out}-experiment.json`), { data: root, out: place(out) }, used);
  return used;
}

async function metricsOf(out: string): Promise<Record<string, number>> {
  const { development } = (await readJson(runFiles(place(out)).scores)) as { development: { metrics: never } };
  return development.metrics;
}

describe("train, on sentences", () => {
  it("scores entities and relations, and chooses the model of each stage by its own score", async () => {
    const metrics = await metricsOf("run");
    const log = (await readFile(runFiles(run).log, "utf8")).trim().split("\n");
    const epochs = log
      .map((line) => JSON.parse(line) as { kind: string; stage: string; score: number })
      .filter(({ kind }) => kind === "epoch");

    expect(Object.keys(metrics).slice(0, 3)).toEqual(["Ent F1", "Rel F1", "Rel+ F1"]);
    expect(Object.keys(metrics)).toHaveLength(9);
    expect(metrics["Rel+ F1"]).toBeGreaterThan(0);
    expect(metrics["Rel F1"]).toBeGreaterThan(metrics["Rel+ F1"] as number);
    expect(epochs.map(({ stage }) => stage)).toEqual(["entity", "relation", "relation"]);
    expect(epochs[0]?.score).toBeCloseTo((metrics["Ent F1"] as number) / 100, 10);
    expect(epochs[1]?.score).toBeCloseTo((metrics["Rel F1"] as number) / 100, 10);
  });

  it("tells how far each stage is", async () => {
    const { notices } = await trainOn({}, "told");

    expect(notices.filter((line) => line.includes("Epoch"))).toEqual([
      expect.stringContaining("entity: Epoch 1 of 1"),
      expect.stringContaining("relation: Epoch 1 of 2"),
      expect.stringContaining("relation: Epoch 2 of 2"),
    ]);
  });

  it("keeps the spans and relations it has found, with their names", async () => {
    const lines = (await readFile(runFiles(run).predictions("development"), "utf8")).trim().split("\n");
    const found = lines.map((line) => JSON.parse(line) as { id: string; spans: Record<string, number>[] });
    const span = found[0]?.spans[0];
    const words = documents[0]?.sentences[span?.["sentence"] ?? -1];

    expect(found.map(({ id }) => id)).toEqual(documents.map(({ id }) => id));
    expect(span).toMatchObject({ score: 0.5, name: words?.slice(span?.["start"], span?.["end"]).join(" ") });
    expect(lines.join()).toContain('"headName"');
  });

  it("can choose by Rel+, and has no Ign F1 to choose by", async () => {
    await trainOn({}, "strict", { selection: "strictF1" });
    const log = (await readFile(runFiles(place("strict")).log, "utf8")).trim().split("\n");
    const last = log
      .map((line) => JSON.parse(line) as { kind: string; score: number })
      .findLast(({ kind }) => kind === "epoch");

    expect(last?.score).toBeCloseTo(((await metricsOf("strict"))["Rel+ F1"] as number) / 100, 10);
    await expect(trainOn({}, "ignored", { selection: "ignF1" })).rejects.toThrow(
      "selection must be a score of the data set and the model, got ignF1.",
    );
  });

  it("shows scores of symmetric relations beside where the experiment names some", async () => {
    await trainOn({ symmetricRelations: ["spouse"] }, "symmetric");
    const metrics = await metricsOf("symmetric");

    expect(metrics["Rel F1 (symmetric)"]).not.toBe(metrics["Rel F1"]);
    expect(metrics["Rel F1"]).toBe((await metricsOf("run"))["Rel F1"]);
  });

  it("takes types and relations from the data, or from label files in their order", async () => {
    await writeFile(place("types.json"), JSON.stringify(["PER", "THING", "ORG", "LOC"]));
    await writeFile(place("few.json"), JSON.stringify(["PER"]));
    const expected = "LOC,ORG,PER,birthplace,citizenship,country,employer,founder,headquarters,owner,spouse";

    await trainOn({}, "own-labels", { config: { expected } });
    await trainOn({ entityLabels: "types.json" }, "given-labels", {
      config: { expected: expected.replace("LOC,ORG,PER", "PER,THING,ORG,LOC") },
    });
    await expect(trainOn({ entityLabels: "few.json" }, "refused")).rejects.toThrow(
      'few.json must name every entity type of the training documents, but "LOC" is missing.',
    );
  });

  it("reads documents of other forms, and the sample world, as sentences", async () => {
    await trainOn({ format: "docred", train: "whole.json", development: "whole.json" }, "docred");
    await trainOn({ dataset: "sample-world", documents: { train: 20, development: 5, test: 5 } }, "world");
    const lines = (await readFile(runFiles(place("world")).predictions("test"), "utf8")).trim().split("\n");

    expect((await metricsOf("docred"))["Ent F1"]).toBeGreaterThan(0);
    expect((await metricsOf("world"))["Rel F1"]).toBeGreaterThan(0);
    expect(lines).toHaveLength(5);
  });
});

describe("evaluate, on sentences", () => {
  it("prints and writes the scores of the run, by label and with the errors by cause", async () => {
    const used = context();
    const json = place("evaluated.json");
    await evaluateCommand(run, { file: place("test.json"), format: "scierc", json }, used);

    const written = (await readJson(json)) as Record<
      "metrics" | "interval" | "entities" | "relations" | "errors",
      object
    >;
    expect(written.metrics).toEqual(await metricsOf("run"));
    expect(written.interval).toMatchObject({ metric: "Rel F1" });
    expect(Object.keys(written.entities)).toEqual(expect.arrayContaining(["LOC", "ORG", "PER"]));
    expect(Object.keys(written.relations)).toContain("spouse");
    expect(written.errors).toMatchObject({ missed: { span: expect.any(Number) as number } });
    expect(used.printed.join("\n")).toMatch(/^Rel\+ F1 +\d+\.\d\d$/m);
    expect(used.printed.join("\n")).toContain("head or tail is no span on the other side");
  });

  it("scores documents of another form as sentences", async () => {
    const json = place("whole-evaluated.json");
    await evaluateCommand(run, { file: place("whole.json"), format: "docred", json }, context());

    expect((await readJson(json)) as object).toMatchObject({ metrics: await metricsOf("run") });
  });

  it("says which types the model does not know", async () => {
    const renamed = documents.map((document) => ({
      ...document,
      entities: document.entities.map(({ mentions }) => ({
        mentions: mentions.map((each) => (each.type === "LOC" ? { ...each, type: "PLACE" } : each)),
      })),
    }));
    await writeFile(place("renamed.json"), formatSciErc(renamed));
    const used = context();
    await evaluateCommand(run, { file: place("renamed.json"), format: "scierc" }, used);

    expect(used.notices).toContain("The model does not know 1 of 3 entity types, which count as missed: PLACE.");
  });
});

describe("predict, on sentences", () => {
  it("writes SciERC's form without labels, from which others score as the run did", async () => {
    const out = place("found.jsonl");
    await predictCommand(run, { file: place("bare.json"), format: "scierc", out }, context());

    const found = await loadPredictions(out);
    const rows = await loadDocuments(out, "scierc");
    const { entities, strictRelations } = scoreSentenceRelations(documents, found);
    expect(rows).toEqual(parseSciErc(await readFile(place("bare.json"), "utf8")));
    expect(found.spans[0]?.score).toBe(0.5);
    expect(100 * entities.f1).toBeCloseTo((await metricsOf("run"))["Ent F1"] as number, 3);
    expect(100 * strictRelations.f1).toBeCloseTo((await metricsOf("run"))["Rel+ F1"] as number, 3);
  });

  it("writes its own lines for documents of another form", async () => {
    const out = place("whole.jsonl");
    await predictCommand(run, { file: place("whole.json"), format: "docred", out }, context());

    const [first] = (await readFile(out, "utf8")).split("\n");
    expect(Object.keys(JSON.parse(first ?? "") as object)).toEqual(["id", "spans", "relations"]);
  });
});

describe("report, on sentences", () => {
  it("shows the three scores of sentences", async () => {
    const used = context();
    await reportCommand({ runs: run, out: place("results") }, used);

    const [header] = (used.printed[0] ?? "").split("\n");
    expect(header).toMatch(/Ent F1 +Rel F1 +Rel\+ F1/);
    expect(header).not.toContain("Ign F1");
  });
});
