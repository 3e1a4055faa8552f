import { createRandom } from "@relatum/tensor-utils";
import { describe, expect, it } from "vitest";

import type { GainFeatures } from "./features.ts";
import { sampleNegatives } from "./negatives.ts";

/** Ten entities, hence 90 pairs, the first five of them related. */
const numbers = Array.from({ length: 10 }, (_, index) => index);
const pairs = numbers.flatMap((head) => numbers.filter((tail) => tail !== head).map((tail) => [head, tail] as const));
const targets = pairs.map((_, row) => (row < 5 ? [1, 2] : [0]));
const features = { documentId: "example", pairs, targets } as unknown as GainFeatures;

describe("sampleNegatives", () => {
  it("keeps all related pairs, and as many times unrelated ones as it is told", () => {
    const rules = { negativesPerPositive: 4.5, leastNegatives: 20 };

    const sampled = sampleNegatives(features, rules, createRandom(1));

    expect(sampled.pairs).toHaveLength(5 + 22);
    expect(sampled.pairs.slice(0, 5)).toEqual(pairs.slice(0, 5));
    expect(sampled.targets?.slice(0, 5)).toEqual(targets.slice(0, 5));
    expect(sampled.targets?.slice(5).every(([label]) => label === 0)).toBe(true);
    expect(new Set(sampled.pairs.map(String)).size).toBe(27);
  });

  it("keeps a least number, as far as there are so many", () => {
    const sampled = sampleNegatives(features, { negativesPerPositive: 1, leastNegatives: 20 }, createRandom(1));
    const few = sampleNegatives(features, { negativesPerPositive: 1, leastNegatives: 900 }, createRandom(1));

    expect(sampled.pairs).toHaveLength(25);
    expect(few.pairs).toHaveLength(90);
  });

  it("keeps all without a ratio", () => {
    expect(sampleNegatives(features, { negativesPerPositive: null, leastNegatives: 0 }, createRandom(1))).toBe(
      features,
    );
  });

  it("draws the same from the same stream, and other pairs from another", () => {
    const draw = (seed: number) =>
      sampleNegatives(features, { negativesPerPositive: 1, leastNegatives: 20 }, createRandom(seed)).pairs;

    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});
