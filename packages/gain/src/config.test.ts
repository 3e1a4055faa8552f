import { describe, expect, it } from "vitest";

import { defineGainConfig, GAIN_VARIANTS } from "./config.ts";
import { parseGainSettings } from "./settings.ts";

const relations = ["born in", "works for"];

describe("defineGainConfig", () => {
  it("fills in the values of the paper and its code", () => {
    expect(defineGainConfig({ relations })).toMatchObject({
      graphLayers: 2,
      dropout: 0.6,
      negativesPerPositive: 4,
      leastNegatives: 20,
      pathAttention: "sum",
      threshold: null,
    });
  });

  it.each([
    [{ relations: [] }, "relations must hold a name, got none."],
    [{ relations: ["a", "b", "a"] }, 'relations must differ, got "a" twice.'],
    [{ entityTypes: ["PER", "PER"] }, 'entityTypes must differ, got "PER" twice.'],
    [{ graphLayers: 0 }, "graphLayers must be a positive integer, got 0."],
    [{ lstmSize: 1.5 }, "lstmSize must be a positive integer, got 1.5."],
    [{ maxTokens: 2 }, "maxTokens must be an integer from 3, got 2."],
    [{ dropout: 1 }, "dropout must be in [0, 1), got 1."],
    [{ negativesPerPositive: -1 }, "negativesPerPositive must be ≥ 0, or null for all, got -1."],
    [{ leastNegatives: -1 }, "leastNegatives must be ≥ 0, got -1."],
    [{ threshold: -0.1 }, "threshold must be ≥ 0, got -0.1."],
  ])("refuses %j", (settings, message) => {
    expect(() => defineGainConfig({ relations, ...settings })).toThrow(new RangeError(message));
  });

  it.each(Object.entries(GAIN_VARIANTS))("accepts the variant %s", (_, variant) => {
    expect(defineGainConfig({ relations, ...variant })).toMatchObject(variant);
  });
});

describe("parseGainSettings", () => {
  it("takes the relations from the data where the settings list none", () => {
    expect(parseGainSettings({ graphLayers: 1 }, relations)).toEqual(defineGainConfig({ relations, graphLayers: 1 }));
  });

  it("names every field that is unknown or of the wrong kind", () => {
    const parse = () => parseGainSettings({ graphLayers: "2", layers: 1 }, relations);

    expect(parse).toThrow(RangeError);
    expect(parse).toThrow(/^graphLayers: .*\n.*layers/);
  });
});
