import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Experiment, loadExperiment, type PublishedResult, type RunHooks } from "@relatum/benchmark";
import { entityTypes } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom } from "@relatum/tensor-utils";
import { describe, expect, it } from "vitest";

import { adapter } from "./benchmark.ts";
import { definePureConfig, PURE_VARIANTS, type PureConfig, type PureVariant } from "./config.ts";
import { PureEntityModel } from "./entity-model.ts";
import { PureExtractor } from "./extractor.ts";
import { PURE_RECIPES } from "./recipes.ts";

const folder = fileURLToPath(new URL("experiments/", adapter.directory));
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
const readExperiment = (name: string): Promise<Experiment> => loadExperiment(`${folder}${name}`);

/** What a variant says besides how much context there is, which differs between Tables and encoders. */
function switchesOf(variant: string): Partial<PureConfig> {
  const {
    entityContextWords: _entity,
    relationContextWords: _relation,
    maxTokens: _tokens,
    ...switches
  } = PURE_VARIANTS[variant as PureVariant];
  return switches;
}

describe("the experiments", () => {
  it.each(files)("%s is named after its file and sets what its variant says", async (file) => {
    const { name, paper, variant, config } = await readExperiment(file);

    expect(`${name}.json`).toBe(file);
    expect(paper).toBe("pure");
    const defaults = { relationInput: "typed-markers", ...config };
    expect(defaults).toMatchObject(switchesOf(variant));
    expect(() => adapter.checkConfig?.({ config } as Experiment, ["a"], ["b"])).not.toThrow();
  });

  it.each([
    ["scierc", "scierc-scibert.json"],
    ["ace-bert", "ace05-bert.json"],
    ["ace-albert", "ace05-albert.json"],
    ["ace-bert", "ace04-bert-fold-3.json"],
  ] as const)("follow the recipe of Appendix B for %s in %s", async (recipe, file) => {
    const { encoder, config, training } = await readExperiment(file);

    const { stages = {}, ...relation } = training;
    expect({ encoder, config, entity: { ...relation, ...stages["entity"] }, relation }).toEqual(PURE_RECIPES[recipe]);
  });

  it.each([
    [{ headSize: 0 }, /^headSize: /],
    [{ trainingShare: 2 }, /^trainingShare: /],
    [{ entityModel: 3 }, /^entityModel: /],
    [{ entityModel: "runs/a", architecture: "shared" }, /^entityModel must be left out/],
    [{ approximate: true, relationInput: "text" }, /^relationInput must have markers/],
  ])("have a config that names what is wrong with it: %j", (config, message) => {
    const check = () => adapter.checkConfig?.({ config } as unknown as Experiment, ["a"], ["b"]);

    expect(check).toThrow(RangeError);
    expect(check).toThrow(message);
  });
});

describe("the published results", () => {
  it("are of variants that can be trained", () => {
    const path = new URL("published.json", adapter.directory);
    const published = JSON.parse(readFileSync(path, "utf8")) as PublishedResult[];

    expect(published.length).toBeGreaterThan(80);
    for (const { variant } of published) expect(Object.keys(PURE_VARIANTS)).toContain(variant);
  });
});

describe("adapter.train", () => {
  const documents = syntheticDocuments({ seed: 3, count: 6, relations: ["likes", "knows"] });
  const labels = { entityTypes: entityTypes(documents), relations: ["likes", "knows"] };
  const sizes = { headSize: 8, widthEmbeddingSize: 4, entityContextWords: 0, maxSpanWords: 3 };

  it("takes the entity model of an earlier run with the same seed, and a share of the documents", async () => {
    const folder = mkdtempSync(join(tmpdir(), "relatum-pure-"));
    const backbone = tinyBackbone(1);
    const config = definePureConfig({ ...labels, ...sizes });
    const model = new PureEntityModel(config, backbone, createRandom(1));
    const earlier = new PureExtractor({ config, entity: { model, backbone } });
    const spans = await earlier.extractEntities(documents);
    await earlier.save(join(folder, "seed-7"));
    const stages: (string | undefined)[] = [];
    const losses: number[] = [];
    const hooks: RunHooks = {
      ...labels,
      seed: 7,
      loadBackbone: async () => tinyBackbone(2),
      checkpoint: { directory: join(folder, "checkpoints"), resume: true },
      signal: new AbortController().signal,
      evaluate: async (_, by) => {
        stages.push(by);
        return 0.5;
      },
      log: (event) => void (event.kind === "step" && losses.push(event.step)),
    };
    const experiment = {
      config: { ...sizes, relationContextWords: 0, entityModel: join(folder, "seed-{seed}"), trainingShare: 0.5 },
      training: { epochs: 1, batchSize: 1, encoderLearningRate: 1e-3, headLearningRate: 1e-3, warmup: 0 },
    } as unknown as Experiment;

    const trained = (await adapter.train(documents, experiment, hooks)) as PureExtractor;

    expect(await trained.extractEntities(documents)).toEqual(spans);
    expect(stages).toEqual(["relations"]);
    // Three of six documents, with two or three sentences of two pairs each.
    expect(losses.length).toBeGreaterThanOrEqual(12);
    expect(losses.length).toBeLessThanOrEqual(18);
    rmSync(folder, { recursive: true });
  });

  it("refuses an entity model of other sizes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "relatum-pure-"));
    const backbone = tinyBackbone(1);
    const config = definePureConfig({ ...labels, ...sizes });
    const model = new PureEntityModel(config, backbone, createRandom(1));
    await backbone.tokenizer.prepare(documents.flatMap(({ sentences }) => sentences.flat()));
    await new PureExtractor({ config, entity: { model, backbone } }).save(folder);
    const experiment = {
      config: { ...sizes, headSize: 9, entityModel: folder },
      training: {},
    } as unknown as Experiment;

    const training = adapter.train(documents, experiment, { ...labels, seed: 1 } as unknown as RunHooks);

    await expect(training).rejects.toThrow("headSize must be the entity model's (8), got 9.");
    rmSync(folder, { recursive: true });
  });
});
