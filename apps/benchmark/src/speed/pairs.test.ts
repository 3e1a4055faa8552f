import { describe, expect, it } from "vitest";

import { alternate, median, summarizePairs } from "./pairs.ts";

describe("alternate", () => {
  it("lets the sides take turns, with a rest before each", async () => {
    const order: string[] = [];
    const side = (name: string, seconds: number) => async () => {
      order.push(name);
      return seconds;
    };
    const sides = { ours: side("ours", 1), peer: side("peer", 2) };

    const pairs = await alternate(sides, 2, async () => void order.push("rest"));

    expect(order.join(" ")).toBe("rest ours rest peer rest ours rest peer");
    expect(pairs).toEqual([
      { ours: 1, peer: 2 },
      { ours: 1, peer: 2 },
    ]);
  });
});

describe("summarizePairs", () => {
  it("takes medians of the ratios and of each side", () => {
    const pairs = [
      { ours: 1, peer: 2 },
      { ours: 3, peer: 2.5 },
      { ours: 2, peer: 2.5 },
    ];

    const summary = summarizePairs(pairs);

    // Ratios 0.5, 1.2 and 0.8.
    expect(summary).toEqual({ ratio: 0.8, oursSeconds: 2, peerSeconds: 2.5, pairs: 3, dropped: 0 });
  });

  it("leaves out the pairs in which the counterpart was in a slow mode", () => {
    const pairs = [0.5, 0.6, 2.4, 0.55, 5].map((peer) => ({ ours: 0.25, peer }));

    const { ratio, peerSeconds, dropped } = summarizePairs(pairs);

    expect(peerSeconds).toBe(0.55);
    expect(ratio).toBeCloseTo(0.25 / 0.55, 12);
    expect(dropped).toBe(2);
  });

  it("keeps our own slow runs", () => {
    const pairs = [1, 9, 9].map((ours) => ({ ours, peer: 1 }));

    expect(summarizePairs(pairs)).toMatchObject({ ratio: 9, dropped: 0 });
  });

  it("takes times that grow little by little for one mode", () => {
    const pairs = [1, 1.4, 1.9, 2.6].map((peer) => ({ ours: 1, peer }));

    expect(summarizePairs(pairs).dropped).toBe(0);
  });
});

describe("median", () => {
  it("is the middle value, or the mean of two", () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });
});
