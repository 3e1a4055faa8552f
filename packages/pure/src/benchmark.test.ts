import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { type Experiment, loadExperiment, type PublishedResult } from "@relatum/benchmark";
import { describe, expect, it } from "vitest";

import { adapter } from "./benchmark.ts";
import { PURE_VARIANTS, type PureConfig, type PureVariant } from "./config.ts";
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
