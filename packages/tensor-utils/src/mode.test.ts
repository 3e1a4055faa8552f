import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { drawNoiseSeed, INFERENCE, Noise } from "./mode.ts";
import { createRandom } from "./random.ts";

describe("Noise", () => {
  it("numbers the sites of a step from 0", () => {
    const noise = new Noise(tf.tensor1d([1, 2], "int32"));

    expect([noise.nextSite(), noise.nextSite(), noise.nextSite()]).toEqual([0, 1, 2]);
  });
});

describe("drawNoiseSeed", () => {
  it("gives two integers that depend on the stream alone", () => {
    const [first, again] = [drawNoiseSeed(createRandom(1)), drawNoiseSeed(createRandom(1))];
    const other = drawNoiseSeed(createRandom(2));

    expect(first.dtype).toBe("int32");
    expect(first.shape).toEqual([2]);
    expect([...again.dataSync()]).toEqual([...first.dataSync()]);
    expect([...other.dataSync()]).not.toEqual([...first.dataSync()]);
  });
});

it("INFERENCE does not train", () => {
  expect(INFERENCE.training).toBe(false);
});
