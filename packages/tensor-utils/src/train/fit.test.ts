import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  makeBatch,
  type FitEvent as Event,
  type TinyBatch as Batch,
  TinyModel,
  tinyOptimizer,
  tinyOptions,
  weightsOf,
} from "./__fixtures__/tiny-regression.ts";
import type { Mode } from "../mode.ts";
import { createRandom } from "../random.ts";
import { AbortedError } from "./aborted-error.ts";
import { AdamW } from "./adam-w.ts";
import type { StepEvent } from "./fit-options.ts";
import { fit } from "./fit.ts";

const steps = (events: readonly Event[]): StepEvent[] => events.filter((event) => event.kind === "step");
const losses = (events: readonly Event[]): number[] => steps(events).map(({ loss }) => loss);

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("fit, on the engine in use", () => {
  it("lowers the loss", async () => {
    const model = new TinyModel();

    const report = await fit(model, { ...tinyOptions(model), epochs: 40 });

    const [first, last] = [report.epochs[0], report.epochs.at(-1)];
    expect(last?.meanLoss).toBeLessThan((first?.meanLoss as number) / 4);
    expect(report).toMatchObject({ bestEpoch: 40, steps: 120 });
  });

  it("takes the step that the gradients of the whole batch ask for", async () => {
    const [model, twin] = [new TinyModel(), new TinyModel()];
    const options = { ...tinyOptions(model), epochs: 1, batches: () => [() => makeBatch(1, 0)] };
    twin.loss = (batch) => TinyModel.prototype.loss.call(twin, batch, { training: false });
    model.loss = (batch) => TinyModel.prototype.loss.call(model, batch, { training: false });

    await fit(model, options);

    const batch = makeBatch(1, 0);
    const parameters = twin.parameters();
    const { grads } = tf.variableGrads(() => twin.loss(batch, { training: false }), [...parameters.values()]);
    const gradients = [...parameters].map(([name, value]) => [name, grads[value.name]] as const);
    const found = gradients.filter((pair): pair is [string, tf.Tensor] => Boolean(pair[1]));
    tinyOptimizer(twin).step(new Map(found));
    expect(found).toHaveLength(4);
    for (const [index, values] of weightsOf(twin).entries()) {
      for (const [cell, value] of values.entries()) expect(weightsOf(model)[index]?.[cell]).toBeCloseTo(value, 6);
    }
  });

  it("leaves a parameter that takes no part in the loss as it was", async () => {
    const model = new TinyModel();
    const before = [...model.pooler.weight.dataSync()];

    await fit(model, tinyOptions(model));

    expect([...model.pooler.weight.dataSync()]).toEqual(before);
  });

  it("makes one step of several batches, on the mean of their losses", async () => {
    const [whole, parts] = [new TinyModel(), new TinyModel()];
    for (const model of [whole, parts]) {
      model.loss = (batch) => TinyModel.prototype.loss.call(model, batch, { training: false });
    }
    const join = (left: Batch, right: Batch): Batch => ({
      input: tf.concat([left.input, right.input]),
      target: tf.concat([left.target, right.target]),
    });
    const [wholeEvents, partEvents]: [Event[], Event[]] = [[], []];

    await fit(whole, {
      ...tinyOptions(whole, wholeEvents),
      batches: (epoch) => [() => join(makeBatch(epoch, 0), makeBatch(epoch, 1)), () => makeBatch(epoch, 2)],
    });
    await fit(parts, { ...tinyOptions(parts, partEvents), accumulate: 2 });

    // Three batches: a step of two and a step of the one left.
    expect(partEvents.map(({ kind }) => kind)).toEqual(["step", "step", "epoch", "step", "step", "epoch"]);
    for (const [index, loss] of losses(wholeEvents).entries()) expect(losses(partEvents)[index]).toBeCloseTo(loss, 5);
    for (const [index, values] of weightsOf(whole).entries()) {
      for (const [cell, value] of values.entries()) expect(weightsOf(parts)[index]?.[cell]).toBeCloseTo(value, 4);
    }
  });

  it.each([1, 2])("lets a parameter rest in a step that does not reach it: %i batches a step", async (accumulate) => {
    class Branching extends TinyModel {
      override loss(batch: Batch & { readonly uses: string }, mode: Mode): tf.Scalar {
        const loss = super.loss(batch, mode);
        return batch.uses === "pooler" ? loss.add(this.pooler.weight.square().sum()) : loss;
      }
    }
    const model = new Branching();
    const seen = [weightsOf(model).at(4)];
    const uses = { 1: ["pooler", "first"], 2: ["first", "pooler", "first", "first"] }[accumulate] as string[];

    await fit(model, {
      ...tinyOptions(model),
      accumulate,
      epochs: 1,
      batches: () => uses.map((name, index) => () => ({ ...makeBatch(1, index), uses: name })),
      log: (event) => void (event.kind === "step" && seen.push(weightsOf(model).at(4))),
    });

    expect(seen[1]).not.toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[1]);
  });

  it.each([1, 2])("leaves no tensor behind with %i batches a step, stopped or not", async (accumulate) => {
    const model = new TinyModel();
    const options = { ...tinyOptions(model), accumulate, evaluate: async (epoch: number) => epoch };
    const before = tf.memory().numTensors;

    await fit(model, options);
    await caught(fit(model, { ...options, signal: AbortSignal.abort() }));
    await caught(fit(model, { ...options, evaluate: async () => NaN }));

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("fit", () => {
  // The portable engine: on the native one each run records its graph anew, which takes longer than all of its steps.
  const engine = tf.getBackend();
  beforeAll(() => tf.setBackend("cpu"));
  afterAll(() => tf.setBackend(engine));

  it("repeats itself with the same seed and differs with another", async () => {
    const lossesWith = async (seed: number): Promise<number[]> => {
      const [model, events]: [TinyModel, Event[]] = [new TinyModel(), []];
      await fit(model, { ...tinyOptions(model, events), random: createRandom(seed) });
      return losses(events);
    };

    const [once, again, other] = [await lossesWith(5), await lossesWith(5), await lossesWith(6)];

    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  it("gives each batch of a step noise of its own", async () => {
    const model = new TinyModel();
    const seeds: number[][] = [];
    const original = model.loss.bind(model);
    model.loss = (batch, mode) => {
      if (mode.training) seeds.push([...mode.noise.seed.dataSync()]);
      return original(batch, mode);
    };

    await fit(model, { ...tinyOptions(model), epochs: 1, accumulate: 2 });

    expect(new Set(seeds.map(String)).size).toBe(3);
  });

  it("ends with the parameters of the epoch that scored highest, the first of equals", async () => {
    const model = new TinyModel();
    const seen: number[][][] = [];
    const scores = [0.2, 0.7, 0.7, 0.1];

    const report = await fit(model, {
      ...tinyOptions(model),
      epochs: 4,
      evaluate: async (epoch) => {
        seen.push(weightsOf(model));
        return scores[epoch - 1] as number;
      },
    });

    expect(report.bestEpoch).toBe(2);
    expect(report.epochs.map(({ score }) => score)).toEqual(scores);
    expect(weightsOf(model)).toEqual(seen[1]);
    expect(seen[2]).not.toEqual(seen[1]);
  });

  it("tells what each step and each epoch did", async () => {
    const [model, events]: [TinyModel, Event[]] = [new TinyModel(), []];
    const optimizer = new AdamW(model.parameters(), [{ match: /./, learningRate: 0.05 }], {
      schedule: (step) => step / 4,
    });

    await fit(model, { ...tinyOptions(model, events), optimizer });

    expect(steps(events).map(({ epoch, step }) => [epoch, step])).toEqual(
      [1, 2, 3, 4, 5, 6].map((step) => [Math.ceil(step / 3), step]),
    );
    expect(steps(events).map((event) => event.learningRateMultiplier)).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25]);
    expect(steps(events).every(({ gradientNorm }) => gradientNorm > 0)).toBe(true);
    const [a = 0, b = 0, c = 0] = losses(events);
    expect(events[3]).toEqual({ kind: "epoch", epoch: 1, meanLoss: (a + b + c) / 3 });
  });

  it("finishes the running step and throws an AbortError when the signal says so", async () => {
    const [model, events]: [TinyModel, Event[]] = [new TinyModel(), []];
    const controller = new AbortController();
    const log = (event: Event): void => {
      events.push(event);
      if (event.kind === "step" && event.step === 2) controller.abort(new Error("Ctrl-C"));
    };

    const error = await caught(fit(model, { ...tinyOptions(model), log, signal: controller.signal }));

    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({
      name: "AbortError",
      step: 2,
      message: "training was stopped after step 2; nothing was saved.",
      cause: new Error("Ctrl-C"),
    });
    expect(steps(events)).toHaveLength(2);
  });

  it("lets the event loop turn, so that a timer can stop it", async () => {
    const model = new TinyModel();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);

    const error = await caught(fit(model, { ...tinyOptions(model), epochs: 100_000, signal: controller.signal }));

    expect(error).toBeInstanceOf(AbortedError);
  });

  it("names the step whose loss is not a number and keeps the parameters from before it", async () => {
    const model = new TinyModel();
    const poisoned = (): Batch => ({ input: tf.fill([4, 3], NaN), target: tf.zeros([4, 1]) });
    let before: number[][] = [];
    const log = (): void => void (before = weightsOf(model));

    const error = await caught(
      fit(model, { ...tinyOptions(model), log, batches: () => [() => makeBatch(1, 0), poisoned] }),
    );

    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toContain("loss of step 2 must be finite, got NaN.");
    expect(weightsOf(model)).toEqual(before);
  });

  it.each([
    [{ epochs: 0 }, "epochs must be an integer ≥ 1, got 0."],
    [{ accumulate: 1.5 }, "accumulate must be an integer ≥ 1, got 1.5."],
    [{ batches: () => [] }, "batches(1) must give at least one batch, got none."],
    [{ evaluate: async () => NaN }, "score of epoch 1 must be a finite number, got NaN."],
  ])("refuses impossible options %#", async (options, message) => {
    const model = new TinyModel();

    expect(await caught(fit(model, { ...tinyOptions(model), ...options }))).toEqual(new RangeError(message));
  });

  it("refuses an optimizer of another model", async () => {
    const error = await caught(fit(new TinyModel(), tinyOptions(new TinyModel())));

    expect(error).toEqual(new RangeError(`optimizer must train the model's parameters, got "first.weight" besides.`));
  });
});
