import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadExperiment } from "@relatum/benchmark";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { callBenchmark, prepareNews } from "./__fixtures__/news.ts";
import { parsePureSettings } from "./settings.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relatum-news-"));
  await prepareNews(folder, 10, 1);
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(folder, path), "utf8"));

// That it learns well too is shown by slow-tests/own-data.test.ts, which takes minutes.
describe("data of one's own in SciERC's format", () => {
  it("need an experiment file alone: types and relations are the files'", async () => {
    await callBenchmark(folder, "train", "news.json", "--data", ".", "--out", "run");

    expect(await readJson("run/model/config.json")).toMatchObject({
      config: {
        entityTypes: ["organisation", "person", "place"],
        relations: ["based-in", "born-in", "meets", "works-for"],
        symmetricRelations: ["meets"],
      },
    });
    expect(await readJson("run/scores.json")).toMatchObject({
      test: { documents: 2, metrics: { "Ent F1": expect.any(Number), "Rel F1 (symmetric)": expect.any(Number) } },
    });
  }, 600_000);

  it("are described by the experiment of the README", async () => {
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    await writeFile(join(folder, "readme.json"), /```json\n(.*?)```/s.exec(readme)?.[1] ?? "");

    const { data, config } = await loadExperiment(join(folder, "readme.json"));

    expect(data).toMatchObject({ format: "scierc", symmetricRelations: ["meets"] });
    expect(() => parsePureSettings(config, { entityTypes: ["person"], relations: ["meets"] })).not.toThrow();
  });
});
