import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import {
  type Experiment,
  loadExperiment,
  type PaperExtractor,
  type PublishedResult,
  type RunHooks,
  type TuningTools,
} from "@relatum/benchmark";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom } from "@relatum/tensor-utils";
import { describe, expect, it } from "vitest";

import { adapter } from "./benchmark.ts";
import { defineGainConfig, GAIN_VARIANTS, type GainVariant } from "./config.ts";
import { GainExtractor } from "./extractor.ts";
import { GainModel } from "./model.ts";
import { GAIN_RECIPES } from "./recipes.ts";

const folder = fileURLToPath(new URL("experiments/", adapter.directory));
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const readExperiment = (name: string): Promise<Experiment> => loadExperiment(`${folder}${name}`);
const documents = syntheticDocuments({ seed: 3, count: 4, relations: ["likes", "knows"] });

describe("the experiments", () => {
  it.each(files)("%s is named after its file and sets what its variant says", async (file) => {
    const { name, paper, variant, config } = await readExperiment(file);

    expect(`${name}.json`).toBe(file);
    expect(paper).toBe("gain");
    expect(config).toMatchObject(GAIN_VARIANTS[variant as GainVariant]);
    expect(() => adapter.checkConfig?.({ config } as Experiment, ["a", "b", "c", "d"])).not.toThrow();
  });

  it.each(Object.entries(GAIN_RECIPES))("follow the paper's recipe for %s", async (name, recipe) => {
    const { encoder, config, training } = await readExperiment(`${name}.json`);

    expect({ encoder, config, ...training }).toEqual(recipe);
  });

  it("have a config that names what is wrong with it", () => {
    const check = () => adapter.checkConfig?.({ config: { graphLayers: 0 } } as unknown as Experiment, ["a"]);

    expect(check).toThrow(/^graphLayers: /);
  });
});

describe("the published results", () => {
  it("are of variants that can be trained, on encoders of the experiments", async () => {
    const path = new URL("published.json", adapter.directory);
    const published = JSON.parse(readFileSync(path, "utf8")) as PublishedResult[];
    const encoders = new Set((await Promise.all(files.map(readExperiment))).map(({ encoder }) => encoder));

    expect(published.length).toBeGreaterThan(60);
    for (const { variant, encoder } of published) {
      expect(Object.keys(GAIN_VARIANTS)).toContain(variant);
      expect(encoders).toContain(encoder);
    }
  });
});

describe("adapter.tune", () => {
  it("chooses one threshold from the scores of the development documents", async () => {
    const config = defineGainConfig({ relations: ["likes", "knows"], typeSize: 4, entityIdSize: 4, maxEntities: 8 });
    const backbone = tinyBackbone(1);
    const extractor = new GainExtractor(new GainModel(config, backbone, createRandom(1)), backbone);
    const tools = { bestThreshold: (_: unknown, scored: readonly { score: number }[]) => 1 / scored.length };

    const tuned = await adapter.tune?.(extractor, documents, tools as unknown as TuningTools);

    const scored = await extractor.scoreAll(documents, { above: 0.01 });
    expect((tuned as GainExtractor).config.threshold).toBe(1 / scored.length);
  });
});

describe("adapter.scoreAll", () => {
  it("scores what the model would not return too, and refuses another paper's model", async () => {
    const config = defineGainConfig({ relations: ["likes", "knows"], typeSize: 4, entityIdSize: 4, maxEntities: 8 });
    const backbone = tinyBackbone(1);
    const extractor = new GainExtractor(new GainModel(config, backbone, createRandom(1)), backbone);

    const scored = await adapter.scoreAll?.(extractor.withThreshold(2), documents);

    expect(scored).toEqual(await extractor.scoreAll(documents, { above: 0.001 }));
    await expect(adapter.scoreAll?.({} as PaperExtractor, documents)).rejects.toThrow(TypeError);
    extractor.dispose();
  });
});

describe("adapter.train", () => {
  it("builds the BiLSTM itself, on vectors from a file beside the data, and takes the data's types", async () => {
    const directory = await mkdtemp(join(tmpdir(), "relatum-gain-"));
    await writeFile(join(directory, "vectors.txt"), "likes 1 2\nknows 3 4\n");
    const experiment = {
      encoder: "bilstm:vectors.txt",
      config: { lstmSize: 4, typeSize: 2, entityIdSize: 2, graphLayers: 1, maxEntities: 8 },
      training: { epochs: 1, batchSize: 4, encoderLearningRate: 1e-3, headLearningRate: 1e-3, warmup: 0 },
    } as unknown as Experiment;
    const hooks = {
      seed: 1,
      relations: ["likes", "knows"],
      entityTypes: ["PER", "TOWN"],
      dataDirectory: directory,
      checkpoint: { directory: join(directory, "checkpoints"), resume: true },
      signal: new AbortController().signal,
      log: () => undefined,
      evaluate: async () => 0,
    } as unknown as RunHooks;

    const trained = (await adapter.train(documents, experiment, hooks)) as GainExtractor;

    expect(trained.model.wordEmbedding?.shape[1]).toBe(2);
    expect(trained.config.entityTypes).toEqual(["PER", "TOWN"]);
    trained.dispose();
    await rm(directory, { recursive: true });
  });
});
