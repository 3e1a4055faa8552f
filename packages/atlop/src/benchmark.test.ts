import { readdirSync, readFileSync } from "node:fs";

import {
  loadExperiment,
  type Experiment,
  type PaperExtractor,
  type PublishedResult,
  type TuningTools,
} from "@relatum/benchmark";
import type { Document } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom } from "@relatum/tensor-utils";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import { adapter } from "./benchmark.ts";
import { ATLOP_VARIANTS, type AtlopConfig, type AtlopVariant, defineAtlopConfig } from "./config.ts";
import { AtlopExtractor } from "./extractor.ts";
import { AtlopModel } from "./model.ts";
import { ATLOP_RECIPES } from "./recipes.ts";

const folder = fileURLToPath(new URL("experiments/", adapter.directory));
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const readExperiment = (name: string): Promise<Experiment> => loadExperiment(`${folder}${name}`);

describe("the experiments", () => {
  it.each(files)("%s is named after its file and sets what its variant says", async (file) => {
    const { name, paper, variant, config } = await readExperiment(file);

    expect(`${name}.json`).toBe(file);
    expect(paper).toBe("atlop");
    expect(config).toMatchObject(ATLOP_VARIANTS[variant as AtlopVariant]);
    expect(() => adapter.checkConfig?.({ config } as Experiment, ["a", "b", "c", "d"])).not.toThrow();
  });

  it.each([
    ["docred-bert", "docred-bert.json"],
    ["docred-roberta", "docred-roberta.json"],
    ["cdr", "cdr-scibert.json"],
    ["gda", "gda-scibert.json"],
  ] as const)("follow the recipe of Table 2 for %s", async (recipe, file) => {
    const { encoder, config, training } = await readExperiment(file);

    expect({ encoder, config, ...training }).toEqual(ATLOP_RECIPES[recipe]);
  });

  it("have a config that names what is wrong with it", () => {
    const check = () => adapter.checkConfig?.({ config: { pairSize: 100 } } as unknown as Experiment, ["a"]);

    expect(check).toThrow(new RangeError("blockSize must divide pairSize (100), got 64."));
  });
});

describe("the published results", () => {
  it("are of variants that can be trained", () => {
    const path = new URL("published.json", adapter.directory);
    const published = JSON.parse(readFileSync(path, "utf8")) as PublishedResult[];

    expect(published.length).toBeGreaterThan(30);
    for (const { variant } of published) expect(Object.keys(ATLOP_VARIANTS)).toContain(variant);
  });
});

describe("adapter.tune", () => {
  const documents = syntheticDocuments({ seed: 3, count: 4, relations: ["likes", "knows"] });
  const tools = {
    bestGlobalThreshold: () => 0.3,
    bestThresholdsPerRelation: () => new Map([["knows", 0.2]]),
  } as unknown as TuningTools;

  async function tune(settings: Partial<AtlopConfig>): Promise<readonly number[]> {
    const config = defineAtlopConfig({ relations: ["likes", "knows"], pairSize: 8, blockSize: 4, ...settings });
    const backbone = tinyBackbone(1);
    const extractor = new AtlopExtractor(new AtlopModel(config, backbone, createRandom(1)), backbone);
    const tuned = await adapter.tune?.(extractor, documents, tools);
    return (tuned as AtlopExtractor).config.thresholds;
  }

  it("chooses nothing where thresholds are adaptive", async () => {
    expect(await tune({})).toEqual([]);
  });

  it("chooses one threshold for all relations, or one for each", async () => {
    expect(await tune(ATLOP_VARIANTS.enhanced)).toEqual([0.3, 0.3]);
    expect(await tune(ATLOP_VARIANTS["per-class thresholding"])).toEqual([1, 0.2]);
  });
});

describe("adapter.scoreAll", () => {
  it("scores what the model would not return too, and refuses another paper's model", async () => {
    const documents = syntheticDocuments({ seed: 3, count: 2, relations: ["likes"] });
    const config = defineAtlopConfig({ relations: ["likes"], pairSize: 8, blockSize: 4 });
    const backbone = tinyBackbone(1);
    const extractor = new AtlopExtractor(new AtlopModel(config, backbone, createRandom(1)), backbone);

    const scored = await adapter.scoreAll?.(extractor, documents);

    expect(scored).toEqual(await extractor.scoreAll(documents, { above: -7 }));
    expect(scored?.some(({ score }) => score < 0)).toBe(true);
    await expect(adapter.scoreAll?.({} as PaperExtractor, documents)).rejects.toThrow(TypeError);
    extractor.dispose();
  });
});

describe("adapter.explain", () => {
  it("gives the weights of the context of a pair, a number for each word", async () => {
    const [document] = syntheticDocuments({ seed: 3, count: 1, relations: ["likes"] }) as [Document];
    const config = defineAtlopConfig({ relations: ["likes"], pairSize: 8, blockSize: 4 });
    const backbone = tinyBackbone(1);
    const extractor = new AtlopExtractor(new AtlopModel(config, backbone, createRandom(1)), backbone);

    const explanation = await adapter.explain?.(extractor, document, [1, 0]);

    expect(explanation?.title).toBe("Context weights");
    expect(explanation?.words).toEqual(await extractor.contextWeights(document, 1, 0));
    await expect(adapter.explain?.({} as PaperExtractor, document, [1, 0])).rejects.toThrow(TypeError);
    extractor.dispose();
  });
});
