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

  it("puts items of like length together", () => {
    const batch = batches(["ccc", "a", "dddd", "bb"], { size: 2, lengthOf: ({ length }) => length });

    expect([...batch]).toEqual([
      ["a", "bb"],
      ["ccc", "dddd"],
    ]);
  });

  it("sorts shuffled items within sixteen batches, then shuffles the batches", () => {
    const lengths = Array.from({ length: 40 }, (_, index) => 40 - index);
    const shuffle = { shuffle: <T>(list: readonly T[]): T[] => list.toReversed() };

    const cut = [...batches(lengths, { size: 2, shuffle, lengthOf: (length) => length })];

    // Reversed: 1 … 40. The first pool is 1 … 32, the second 33 … 40; then the twenty batches are reversed.
    expect(cut).toHaveLength(20);
    expect(cut[0]).toEqual([39, 40]);
    expect(cut[4]).toEqual([31, 32]);
    expect(cut.at(-1)).toEqual([1, 2]);
  });

  it("leaves out by chance, not by length", () => {
    const shuffle = { shuffle: <T>(list: readonly T[]): T[] => list.toReversed() };

    const cut = [...batches([1, 9, 5], { size: 2, shuffle, dropLast: true, lengthOf: (length) => length })];

    expect(cut).toEqual([[5, 9]]);
  });

  it("makes no batch of nothing", () => {
    expect([...batches([], { size: 2 })]).toEqual([]);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses the size %s", (size) => {
    expect(() => [...batches([1], { size })]).toThrow(`size must be a positive integer, got ${size}.`);
  });
});
