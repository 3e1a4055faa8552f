import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import {
  makeBatch,
  type FitEvent as Event,
  type TinyBatch as Batch,
  TinyModel,
  tinyOptions,
  weightsOf,
} from "./__fixtures__/tiny-regression.ts";
import type { BatchPart, StepEvent } from "./fit-options.ts";
import { fit } from "./fit.ts";
import { batchMemory, splitBatch } from "./split-batch.ts";

const sum = (items: readonly number[]): number => items.reduce((total, item) => total + item, 0);

describe("splitBatch", () => {
  it("leaves a batch whole that keeps within the budget", () => {
    expect(splitBatch([3, 1, 2], { budget: 6, bytesOf: sum })).toEqual([[3, 1, 2]]);
  });

  it("halves a batch until its parts keep within the budget, in order", () => {
    expect(splitBatch([3, 1, 2, 4, 1], { budget: 5, bytesOf: sum })).toEqual([[3, 1], [2], [4, 1]]);
  });

  it("cuts an item where that helps, and takes one that cannot be cut as it is", () => {
    const halve = (item: number): [number, number] | undefined => (item % 2 === 0 ? [item / 2, item / 2] : undefined);

    expect(splitBatch([12, 7], { budget: 3, bytesOf: sum, halve })).toEqual([[3], [3], [3], [3], [7]]);
  });
});

describe("batchMemory", () => {
  it("leaves what six copies of the parameters do not take, and no less than nothing", () => {
    const model = { parameters: () => new Map([["weight", tf.variable(tf.zeros([5, 2]))]]) };

    expect(batchMemory(model, 1000)).toBe(1000 - 6 * 4 * 10);
    expect(batchMemory(model, 100)).toBe(0);
  });
});

describe("fit, with batches in parts", () => {
  /** The rows of a batch, by themselves. */
  const rowsOf = (make: () => Batch, start: number, count: number): Batch => {
    const { input, target } = make();
    const rows = { input: input.slice([start], [count]), target: target.slice([start], [count]) } as Batch;
    tf.dispose([input, target]);
    return rows;
  };

  const inParts = (make: () => Batch): BatchPart<Batch>[] => [
    { make: () => rowsOf(make, 0, 1), weight: 1 / 4 },
    { make: () => rowsOf(make, 1, 3), weight: 3 / 4 },
  ];

  async function train(dropout: boolean, accumulate: number, split: (index: number) => boolean) {
    const [model, events] = [new TinyModel(), [] as Event[]];
    if (!dropout) model.loss = (batch) => TinyModel.prototype.loss.call(model, batch, { training: false });
    const batches = (epoch: number) =>
      [0, 1, 2, 3].map((index) => {
        const make = (): Batch => makeBatch(epoch, index);
        return split(index) ? inParts(make) : make;
      });
    await fit(model, { ...tinyOptions(model, events), accumulate, batches });
    const steps = events.filter((event): event is StepEvent => event.kind === "step");
    return { steps, weights: weightsOf(model).flat() };
  }

  it.each([1, 2])("takes the steps of whole batches, with %i batches a step", async (accumulate) => {
    const whole = await train(false, accumulate, () => false);

    const split = await train(false, accumulate, (index) => index % 2 === 1);

    expect(split.steps).toHaveLength(8 / accumulate);
    for (const [index, { loss, gradientNorm }] of split.steps.entries()) {
      expect(Math.abs(loss / (whole.steps[index]?.loss as number) - 1)).toBeLessThan(1e-6);
      expect(Math.abs(gradientNorm / (whole.steps[index]?.gradientNorm as number) - 1)).toBeLessThan(1e-5);
    }
    for (const [cell, value] of split.weights.entries()) expect(value).toBeCloseTo(whole.weights[cell] as number, 5);
  });

  it("gives batches that stay whole the noise that they have without others in parts", async () => {
    const whole = await train(true, 2, () => false);

    const split = await train(true, 2, (index) => index === 2);

    // The first step has no batch in parts; the second one's weights are the same, its masks are not all.
    expect(split.steps[0]).toEqual(whole.steps[0]);
    expect(split.steps[1]?.loss).not.toBe(whole.steps[1]?.loss);
  });

  it("leaves no tensor behind, also where a part fails", async () => {
    const [model, events] = [new TinyModel(), [] as Event[]];
    const failing = (): Batch => {
      throw new RangeError("no such batch");
    };
    const batches = (second: () => Batch) => () => [[...inParts(() => makeBatch(1, 0)), { make: second, weight: 0 }]];
    const options = { ...tinyOptions(model, events), epochs: 1 };
    const before = tf.memory().numTensors;

    await fit(model, { ...options, batches: batches(() => makeBatch(1, 1)) });
    await fit(model, { ...options, batches: batches(failing) }).catch(() => undefined);
    options.optimizer.dispose();

    expect(tf.memory().numTensors).toBe(before - options.optimizer.variables().length + model.parameters().size);
  });
});
