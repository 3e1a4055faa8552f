import { createRandom } from "@relatum/tensor-utils";
import { AdamW } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import type { TrainingWork } from "../adapter.ts";
import { prepareTrainingSteps } from "./training-steps.ts";

interface Point {
  readonly value: number;
}

/** Learns one number, the mean of the points. */
function meanOf(values: readonly number[]): TrainingWork<Point, { readonly points: tf.Tensor1D }> {
  const mean = tf.tidy(() => tf.variable(tf.tensor1d([0])));
  const model = {
    parameters: () => new Map([["mean", mean]]),
    loss: ({ points }: { readonly points: tf.Tensor1D }) => tf.tidy(() => points.sub(mean).square().mean<tf.Scalar>()),
    dispose: () => mean.dispose(),
  };
  const optimizer = new AdamW(model.parameters(), [{ match: /./, learningRate: 0.1 }]);
  return {
    part: "step",
    features: values.map((value) => ({ value })),
    model,
    optimizer,
    collate: (points) => ({ points: tf.tensor1d(points.map(({ value }) => value)) }),
  };
}

describe("prepareTrainingSteps", () => {
  it("takes a step on each of the batches it shows: their losses fall", async () => {
    const before = tf.memory().numTensors;
    const steps = prepareTrainingSteps(meanOf([1, 2, 3, 4, 5]), { steps: 2, batchSize: 2, random: createRandom(1) });
    const batches = steps.batches as readonly (readonly Point[])[];
    const first = await steps.losses();
    for (let index = 0; index < 3; index += 1) await steps.run();
    const last = await steps.losses();
    steps.dispose();

    expect(batches.map(({ length }) => length)).toEqual([2, 2]);
    // The mean square of the points while the mean is 0.
    const squares = batches.map((batch) => batch.reduce((sum, { value }) => sum + value ** 2, 0) / 2);
    for (const [index, loss] of first.entries()) expect(loss).toBeCloseTo(squares[index] as number, 5);
    for (const [index, loss] of last.entries()) expect(loss).toBeLessThan(first[index] as number);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("puts what is of like length together where training does", () => {
    const work = { ...meanOf([5, 1, 6, 2]), lengthOf: ({ value }: Point) => value };

    const steps = prepareTrainingSteps(work, { steps: 2, batchSize: 2, random: createRandom(1) });

    const batches = steps.batches as readonly (readonly Point[])[];
    const values = batches.map((batch) => batch.map(({ value }) => value).join(" "));
    expect(values.toSorted()).toEqual(["1 2", "5 6"]);
    steps.dispose();
  });

  it("refuses less than its steps take", () => {
    const work = meanOf([1, 2, 3]);

    const prepare = () => prepareTrainingSteps(work, { steps: 2, batchSize: 2, random: createRandom(1) });

    expect(prepare).toThrow("documents must give 2 batches of 2 to train on, got 3 that have pairs.");
  });
});
