import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { Noise } from "../mode.ts";
import { dropout, dropoutMask } from "./dropout.ts";

const seed = (a: number, b: number): tf.Tensor1D => tf.tensor1d([a, b], "int32");

async function onEngine<T>(engine: string, compute: () => T): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend(engine);
  try {
    return compute();
  } finally {
    await tf.setBackend(before);
  }
}

describe("dropoutMask", () => {
  it("drops the asked share and keeps the mean", () => {
    const mask = dropoutMask([64, 300], 0.1, seed(7, 8), 0).dataSync<"float32">();

    const dropped = mask.filter((value) => value === 0).length / mask.length;

    expect(dropped).toBeGreaterThan(0.09);
    expect(dropped).toBeLessThan(0.11);
    expect(mask.reduce((sum, value) => sum + value, 0) / mask.length).toBeCloseTo(1, 1);
  });

  it("is the same on every engine", async () => {
    const make = (): number[] => [...dropoutMask([3, 5, 33], 0.3, seed(123456789, 987654321), 4).dataSync()];

    const here = make();
    const portable = await onEngine("cpu", make);

    expect(portable).toEqual(here);
  });

  it("is uncorrelated between sites, steps, rows and columns", () => {
    const values = (first: number, site: number): number[] =>
      [...dropoutMask([200, 200], 0.5, seed(first, 99), site).dataSync()].map((value) => (value > 0 ? 1 : -1));
    const correlation = (left: number[], right: number[]): number =>
      left.reduce((sum, value, index) => sum + value * (right[index] as number), 0) / left.length;
    const mask = values(1, 0);

    expect(Math.abs(correlation(mask, values(1, 1)))).toBeLessThan(0.02);
    expect(Math.abs(correlation(mask, values(2, 0)))).toBeLessThan(0.02);
    expect(Math.abs(correlation(mask.slice(200), mask.slice(0, -200)))).toBeLessThan(0.02);
    expect(Math.abs(correlation(mask.slice(1), mask.slice(0, -1)))).toBeLessThan(0.02);
  });
});

describe("dropout", () => {
  it("gives back its input when inferring", () => {
    const input = tf.ones([2, 3]);

    expect(dropout(input, 0.5, { training: false })).toBe(input);
  });

  it("passes gradients through the kept cells alone", () => {
    const mode = { training: true, noise: new Noise(seed(5, 6)) } as const;
    const mask = dropoutMask([4, 6], 0.5, seed(5, 6), 0).arraySync();

    const gradient = tf.grad((x) => dropout(x, 0.5, mode).sum())(tf.ones([4, 6]));

    expect(gradient.arraySync()).toEqual(mask);
  });

  it("refuses a rate that would drop everything", () => {
    expect(() => dropout(tf.ones([1, 1]), 1, { training: false })).toThrow("rate must be in [0, 1), got 1.");
  });
});
