import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import { constantParameter, Linear } from "./layers.ts";
import { withParameterBudget } from "./parameter-budget.ts";
import { createRandom } from "./random.ts";

it("lets a module be made of as many values as there are", () => {
  const layer = withParameterBudget(8, () => new Linear(3, 2, createRandom(0))); // 3 · 2 weights and 2 biases

  expect(layer.weight.shape).toEqual([2, 3]);
  layer.dispose();
});

it("refuses the first value more, and frees what was made by then", () => {
  const before = tf.memory().numTensors;

  const make = (): Linear => withParameterBudget(7, () => new Linear(3, 2, createRandom(0)));

  expect(make).toThrow(new RangeError("parameters must have no more values than the file holds, got one of [2]."));
  expect(tf.memory().numTensors).toBe(before);
});

it("refuses sizes that no memory holds before it takes any", () => {
  expect(() => withParameterBudget(100, () => new Linear(2 ** 30, 2 ** 30, createRandom(0)))).toThrow(RangeError);
  expect(() => withParameterBudget(100, () => constantParameter([2 ** 40], 0))).toThrow(RangeError);
});

it("holds for what it makes alone", () => {
  withParameterBudget(1, () => undefined);

  const parameter = constantParameter([2], 0);

  expect(parameter.size).toBe(2);
  parameter.dispose();
});
