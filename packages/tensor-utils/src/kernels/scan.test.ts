import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { record } from "../graph/record.ts";
import { scan } from "./scan.ts";

/** Sums up rows that are weighed by `weight`; gives the sum before each row. */
function runningSums(rows: tf.Tensor, weight: tf.Tensor, backwards: boolean): tf.Tensor[] {
  const { state, outputs } = scan(
    ([sum], [row]) => ({
      state: [(sum as tf.Tensor).add((row as tf.Tensor).mul(weight))],
      outputs: [sum as tf.Tensor],
    }),
    { start: [tf.fill([2], 0)], sequences: [rows], backwards },
  );
  return [...state, ...outputs];
}

const ROWS = tf.tensor2d([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const WEIGHT = tf.tensor1d([1, 10]);

const CASES = [
  { backwards: false, last: [9, 120], before: [0, 0, 1, 20, 4, 60] },
  { backwards: true, last: [9, 120], before: [8, 100, 5, 60, 0, 0] },
] as const;

describe("scan", () => {
  it.each(CASES)("carries a state along the rows, backwards: $backwards", ({ backwards, last, before }) => {
    const [state, outputs] = runningSums(ROWS, WEIGHT, backwards) as [tf.Tensor, tf.Tensor];

    expect([...state.dataSync()]).toEqual(last);
    expect([...outputs.dataSync()]).toEqual(before);
  });

  it.each(CASES)("is one loop of a recorded graph, backwards: $backwards", ({ backwards, last, before }) => {
    const recorded = record(
      ({ rows, weight }: { rows: tf.Tensor; weight: tf.Tensor }) => runningSums(rows, weight, backwards),
      { variables: [] },
    );

    const [state, outputs] = recorded({ rows: ROWS, weight: WEIGHT }) as [tf.Tensor, tf.Tensor];

    expect([...state.dataSync()]).toEqual(last);
    expect([...outputs.dataSync()]).toEqual(before);
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    recorded.dispose();
  });

  it("leaves its results behind and no other tensor", () => {
    const before = tf.memory().numTensors;

    runningSums(ROWS, WEIGHT, false);

    // The last state, and the sums before each row; the start belongs to the caller.
    expect(tf.memory().numTensors).toBe(before + 3);
  });

  it("leaves no tensor behind when it is recorded", () => {
    const recorded = record(
      ({ rows, weight }: { rows: tf.Tensor; weight: tf.Tensor }) => tf.tidy(() => runningSums(rows, weight, true)),
      {
        variables: [],
      },
    );
    const before = tf.memory().numTensors;

    recorded({ rows: ROWS, weight: WEIGHT });
    recorded({ rows: ROWS, weight: WEIGHT });

    expect(tf.memory().numTensors).toBe(before + 2 * 2);
    recorded.dispose();
  });
});
