import { describe, expect, it } from "vitest";

import { ATLOP_VARIANTS, defineAtlopConfig } from "./config.ts";
import { parseAtlopSettings } from "./settings.ts";

const relations = ["born in", "works for"];

describe("defineAtlopConfig", () => {
  it("fills in the paper's values, and no more relations per pair than there are", () => {
    const config = defineAtlopConfig({ relations });

    expect(config).toMatchObject({ pairSize: 768, blockSize: 64, maxTokens: 1024, loss: "adaptive-threshold" });
    expect(config.maxRelationsPerPair).toBe(2);
    expect(defineAtlopConfig({ relations: ["a", "b", "c", "d", "e"] }).maxRelationsPerPair).toBe(4);
  });

  it.each([
    [{ blockSize: 100 }, "blockSize must divide pairSize (768), got 100."],
    [{ relations: [] }, "relations must name at least one relation, got none."],
    [{ relations: ["a", "b", "a"] }, 'relations must differ, got "a" twice.'],
    [{ maxTokens: 0 }, "maxTokens must be a positive integer, got 0."],
    [{ maxRelationsPerPair: 4 }, "maxRelationsPerPair must be at most the 3 labels, got 4."],
    [{ threshold: "global" as const }, 'threshold must be "adaptive" under the adaptive-threshold loss, got "global".'],
    [{ thresholds: [0.5, 0.5] }, "thresholds must be empty when adaptive, got 2."],
    [{ ...ATLOP_VARIANTS.enhanced, thresholds: [0.5] }, "thresholds must hold one for each of 2 relations, got 1."],
    [{ ...ATLOP_VARIANTS.enhanced, thresholds: [0.5, -1] }, "thresholds must be numbers ≥ 0, got -1."],
  ])("refuses %j", (settings, message) => {
    expect(() => defineAtlopConfig({ relations, ...settings })).toThrow(new RangeError(message));
  });

  it.each(Object.entries(ATLOP_VARIANTS))("accepts the variant %s", (_, variant) => {
    expect(defineAtlopConfig({ relations, ...variant })).toMatchObject(variant);
  });
});

describe("parseAtlopSettings", () => {
  it("takes the relations from the data where the settings list none", () => {
    expect(parseAtlopSettings({ pairSize: 128 }, relations)).toEqual(defineAtlopConfig({ relations, pairSize: 128 }));
  });

  it("names every field that is unknown or of the wrong kind", () => {
    const parse = () => parseAtlopSettings({ pairSize: "768", pairsize: 1 }, relations);

    expect(parse).toThrow(RangeError);
    expect(parse).toThrow(/^pairSize: .*\n.*pairsize/);
  });
});
