import { describe, expect, it } from "vitest";

import { planBatches, spansAtATime } from "./memory.ts";

const encoder = { heads: 2, hiddenSize: 8, maxTokens: 512 };
const AMPLE = 2 ** 30;

const ofTokens = (...tokens: number[]) => tokens.map((count) => ({ tokens: count, numbers: 0 }));

describe("planBatches", () => {
  it("puts sequences of like length together, at most 32, shorter ones first", () => {
    const planned = planBatches(
      ofTokens(...Array.from({ length: 40 }, (_, index) => 16 + 16 * (index % 2))),
      encoder,
      AMPLE,
    );

    expect(planned.every((batch) => batch.length <= 32)).toBe(true);
    const parities = planned.flat().map((number) => number % 2);
    expect(parities).toEqual([...Array<number>(20).fill(0), ...Array<number>(20).fill(1)]);
  });

  it("begins another batch where a longer sequence would pad the others more than a batch costs", () => {
    // Together 4 · 512 tokens are encoded; apart 3 · 16 + 512, and 512 more for a batch by itself.
    expect(planBatches(ofTokens(512, 16, 16, 16), encoder, AMPLE)).toEqual([[1, 2, 3], [0]]);
    // Together 4 · 32; apart 3 · 16 + 32, and 512.
    expect(planBatches(ofTokens(32, 16, 16, 16), encoder, AMPLE)).toEqual([[1, 2, 3, 0]]);
  });

  it("avoids numbers of sequences that are padded by others", () => {
    // 18 are padded to 24: 24 · 128 tokens; 16 and 2 take 18 · 128, and 512 besides.
    const planned = planBatches(ofTokens(...Array<number>(18).fill(128)), encoder, AMPLE);

    expect(planned.map(({ length }) => length).toSorted((left, right) => left - right)).toEqual([2, 16]);
  });

  it("keeps within the budget, and leaves a sequence alone that needs more", () => {
    // A sequence of 16 tokens takes 3 · 4 · (2 · 16² + 4 · 8 · 16) = 12,288 bytes, and 12 for each further number.
    const sizes = [16, 16, 16].map((tokens) => ({ tokens, numbers: 1000 }));

    expect(planBatches(sizes, encoder, 2 * 24_288).map(({ length }) => length)).toEqual([2, 1]);
    expect(planBatches(sizes, encoder, 2 * 24_288 - 1).map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(planBatches([], encoder, AMPLE)).toEqual([]);
  });
});

describe("spansAtATime", () => {
  it("doubles the least number as long as the spans keep within the budget", () => {
    // A span of 100 numbers takes 3 · 4 · 100 = 1,200 bytes.
    expect(spansAtATime(100, 1024, 1200 * 4096)).toBe(4096);
    expect(spansAtATime(100, 1024, 1200 * 4096 - 1)).toBe(2048);
    expect(spansAtATime(100, 1024, 1)).toBe(1024);
  });
});
