import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { callBenchmark, formatNews, prepareNews } from "../packages/pure/src/__fixtures__/news.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relatum-news-"));
  await prepareNews(folder, 100, 12);
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

interface Scores {
  readonly metrics: Readonly<Record<string, number>>;
}

/** The metrics of a file of scores, in percent. */
async function metricsOf(path: string, part?: string): Promise<Scores["metrics"]> {
  const json = JSON.parse(await readFile(join(folder, path), "utf8")) as Scores & Record<string, Scores>;
  return (part === undefined ? json : (json[part] as Scores)).metrics;
}

// 300 sentences of news about people, organisations and places, and an encoder that has learnt nothing.
describe("PURE on data that nobody here has seen", () => {
  it("learns its types and relations from an experiment file", async () => {
    const output = await callBenchmark(folder, "train", "news.json", "--data", ".", "--out", "run");

    const test = await metricsOf("run/scores.json", "test");
    expect(output).toContain("Rel F1 (symmetric)");
    expect(test["Ent F1"]).toBeGreaterThan(90);
    expect(test["Rel F1 (symmetric)"]).toBeGreaterThan(80);
  }, 3_600_000);

  it("evaluates on other files of that kind", async () => {
    await writeFile(join(folder, "more.json"), formatNews(9, 20));

    await callBenchmark(
      folder,
      "evaluate",
      "run",
      "--file",
      "more.json",
      "--format",
      "scierc",
      "--json",
      "more-scores.json",
    );

    const { "Rel F1 (symmetric)": f1 } = await metricsOf("more-scores.json");
    expect(f1).toBeGreaterThan(80);
  });

  it("predicts in the form that it reads", async () => {
    const words = ["predict", "run", "--file", "news/test.json", "--format", "scierc", "--out", "found.json"];

    await callBenchmark(folder, ...words);

    const [first = ""] = (await readFile(join(folder, "found.json"), "utf8")).split("\n");
    const gold = (await readFile(join(folder, "news/test.json"), "utf8")).split("\n")[0] ?? "";
    const [{ sentences, predicted_ner: found }, { sentences: read }] = [first, gold].map((line) =>
      JSON.parse(line),
    ) as [{ sentences: string[][]; predicted_ner: unknown[][] }, { sentences: string[][] }];
    expect(sentences).toEqual(read);
    expect(found.flat().length).toBeGreaterThan(0);
  });
});
