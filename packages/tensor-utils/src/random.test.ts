import { describe, expect, it } from "vitest";

import { createRandom, type Random } from "./random.ts";

const draw = (random: Random, count = 8): number[] => Array.from({ length: count }, () => random.uniform());
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("createRandom", () => {
  it("gives the same numbers for the same seed and others for another", () => {
    expect(draw(createRandom(7))).toEqual(draw(createRandom(7)));
    expect(draw(createRandom(7))).not.toEqual(draw(createRandom(8)));
  });

  it("takes negative seeds", () => {
    expect(draw(createRandom(-1))).not.toEqual(draw(createRandom(1)));
  });

  it.each([0.5, NaN, Infinity])("refuses the seed %d", (seed) => {
    expect(() => createRandom(seed)).toThrow(`seed must be an integer, got ${seed}.`);
  });
});

describe("uniform", () => {
  it("fills [0, 1) evenly, also in pairs", () => {
    const values = draw(createRandom(1), 100_000);
    const cells = Array.from({ length: 100 }, () => 0);
    for (let index = 0; index + 1 < values.length; index += 2) {
      const [row, column] = [values[index] as number, values[index + 1] as number];
      const cell = Math.floor(row * 10) * 10 + Math.floor(column * 10);
      cells[cell] = (cells[cell] as number) + 1;
    }

    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    // 500 expected in each of 100 cells; chi-squared with 99 degrees passes 149 once in a thousand.
    expect(cells.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)).toBeLessThan(149);
  });
});

describe("normal", () => {
  it("has mean 0, deviation 1 and the tails of a normal distribution", () => {
    const random = createRandom(2);
    const values = Array.from({ length: 100_000 }, () => random.normal());

    expect(mean(values)).toBeCloseTo(0, 1);
    expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 1);
    // P(|x| > 2) is 0.0455.
    expect(mean(values.map((value) => Number(Math.abs(value) > 2)))).toBeCloseTo(0.0455, 2);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe("integer", () => {
  it("gives each number below the bound about as often", () => {
    const random = createRandom(3);
    const counts = [0, 0, 0, 0, 0];
    for (let index = 0; index < 50_000; index += 1) {
      const value = random.integer(5);
      counts[value] = (counts[value] as number) + 1;
    }

    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  it.each([0, -1, 2.5])("refuses the bound %d", (below) => {
    expect(() => createRandom(1).integer(below)).toThrow(`below must be a positive integer, got ${below}.`);
  });
});

describe("shuffle", () => {
  it("gives a new order of the same items and leaves the given ones alone", () => {
    const items = Object.freeze([1, 2, 3, 4, 5, 6, 7, 8, 9]);

    const shuffled = createRandom(4).shuffle(items);

    expect(shuffled).not.toEqual(items);
    expect(new Set(shuffled)).toEqual(new Set(items));
    expect(shuffled).toHaveLength(items.length);
  });

  it("puts each item into each place about as often", () => {
    const random = createRandom(5);
    const counts = new Map<string, number>();
    for (let round = 0; round < 9000; round += 1) {
      for (const [place, item] of random.shuffle(["a", "b", "c"]).entries()) {
        counts.set(`${item}${place}`, (counts.get(`${item}${place}`) ?? 0) + 1);
      }
    }

    expect(counts.size).toBe(9);
    for (const count of counts.values()) expect(Math.abs(count - 3000)).toBeLessThan(250);
  });
});

describe("fork", () => {
  it("depends on seed and name alone, not on what was drawn before", () => {
    const random = createRandom(6);
    const before = draw(random.fork("dropout"));
    draw(random, 100);

    expect(draw(random.fork("dropout"))).toEqual(before);
    expect(draw(random.fork("order"))).not.toEqual(before);
    expect(draw(createRandom(7).fork("dropout"))).not.toEqual(before);
  });

  it("leaves the stream itself as it was", () => {
    const [forked, plain] = [createRandom(8), createRandom(8)];

    forked.fork("a").uniform();

    expect(draw(forked)).toEqual(draw(plain));
  });

  it("tells numbered names apart", () => {
    const random = createRandom(9);
    const firsts = Array.from({ length: 5000 }, (_, step) => random.fork(`step ${step}`).uniform());

    expect(new Set(firsts).size).toBe(5000);
    expect(mean(firsts)).toBeCloseTo(0.5, 1);
  });
});
