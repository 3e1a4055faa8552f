import { describe, expect, it } from "vitest";

import { batches } from "./batches.ts";

describe("batches", () => {
  it("cuts items in order, the last batch with what is left", () => {
    expect([...batches([1, 2, 3, 4, 5], { size: 2 })]).toEqual([[1, 2], [3, 4], [5]]);
  });

  it("leaves out a last batch that is not full", () => {
    expect([...batches([1, 2, 3], { size: 2, dropLast: true })]).toEqual([[1, 2]]);
    expect([...batches([1, 2], { size: 2, dropLast: true })]).toEqual([[1, 2]]);
  });

  it("shuffles the items first and leaves the list as it is", () => {
    const items = [1, 2, 3];
    const shuffle = { shuffle: <T>(list: readonly T[]): T[] => list.toReversed() };

    expect([...batches(items, { size: 2, shuffle })]).toEqual([[3, 2], [1]]);
    expect(items).toEqual([1, 2, 3]);
  });

  it("makes no batch of nothing", () => {
    expect([...batches([], { size: 2 })]).toEqual([]);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses the size %s", (size) => {
    expect(() => [...batches([1], { size })]).toThrow(`size must be a positive integer, got ${size}.`);
  });
});
