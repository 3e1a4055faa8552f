import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { dropout } from "../kernels/dropout.ts";
import { Linear } from "../layers.ts";
import type { Mode } from "../mode.ts";
import { Module } from "../module.ts";
import { createRandom } from "../random.ts";
import { AbortedError } from "./aborted-error.ts";
import { AdamW } from "./adam-w.ts";
import type { EpochEvent, FitOptions, ResumeEvent, StepEvent } from "./fit-options.ts";
import { fit } from "./fit.ts";

interface Batch {
  readonly input: tf.Tensor2D;
  readonly target: tf.Tensor2D;
}

type Event = StepEvent | EpochEvent | ResumeEvent;

/** Two layers, and one that takes no part in the loss. */
class TinyModel extends Module {
  readonly first = new Linear(3, 4, createRandom(1));
  readonly second = new Linear(4, 1, createRandom(2));
  readonly pooler = new Linear(4, 4, createRandom(3));

  loss({ input, target }: Batch, mode: Mode): tf.Scalar {
    const hidden = dropout(this.first.apply(input).tanh(), 0.2, mode);
    return this.second
      .apply(hidden as tf.Tensor2D)
      .sub(target)
      .square()
      .mean();
  }
}

function makeBatch(epoch: number, index: number, size = 4): Batch {
  const random = createRandom(17).fork(`epoch ${epoch} batch ${index}`);
  const rows = Array.from({ length: size }, () => [random.normal(), random.normal(), random.normal()]);
  return {
    input: tf.tensor2d(rows),
    target: tf.tensor2d(rows.map(([a = 0, b = 0, c = 0]) => [a - 0.5 * b + 0.25 * c])),
  };
}

function* lazyBatches(epoch: number, count = 3): Generator<() => Batch> {
  for (let index = 0; index < count; index += 1) yield () => makeBatch(epoch, index);
}

const createOptimizer = (model: TinyModel): AdamW =>
  new AdamW(model.parameters(), [{ match: /./, learningRate: 0.05, weightDecay: 0.01 }], { clipNorm: 1 });

function optionsFor(model: TinyModel, events: Event[] = []): FitOptions<Batch> {
  return {
    epochs: 2,
    optimizer: createOptimizer(model),
    random: createRandom(5),
    batches: (epoch) => lazyBatches(epoch),
    log: (event) => void events.push(event),
  };
}

const steps = (events: readonly Event[]): StepEvent[] => events.filter((event) => event.kind === "step");
const losses = (events: readonly Event[]): number[] => steps(events).map(({ loss }) => loss);
const weights = (model: Module): number[][] => [...model.parameters().values()].map((value) => [...value.dataSync()]);

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("fit", () => {
  it("lowers the loss", async () => {
    const model = new TinyModel();

    const report = await fit(model, { ...optionsFor(model), epochs: 40 });

    const [first, last] = [report.epochs[0], report.epochs.at(-1)];
    expect(last?.meanLoss).toBeLessThan((first?.meanLoss as number) / 4);
    expect(report).toMatchObject({ bestEpoch: 40, steps: 120 });
  });

  it("takes the step that the gradients of the whole batch ask for", async () => {
    const [model, twin] = [new TinyModel(), new TinyModel()];
    const options = { ...optionsFor(model), epochs: 1, batches: () => [() => makeBatch(1, 0)] };
    twin.loss = (batch) => TinyModel.prototype.loss.call(twin, batch, { training: false });
    model.loss = (batch) => TinyModel.prototype.loss.call(model, batch, { training: false });

    await fit(model, options);

    const batch = makeBatch(1, 0);
    const parameters = twin.parameters();
    const { grads } = tf.variableGrads(() => twin.loss(batch, { training: false }), [...parameters.values()]);
    const gradients = [...parameters].map(([name, value]) => [name, grads[value.name]] as const);
    const found = gradients.filter((pair): pair is [string, tf.Tensor] => Boolean(pair[1]));
    createOptimizer(twin).step(new Map(found));
    expect(found).toHaveLength(4);
    for (const [index, values] of weights(twin).entries()) {
      for (const [cell, value] of values.entries()) expect(weights(model)[index]?.[cell]).toBeCloseTo(value, 6);
    }
  });

  it("repeats itself with the same seed and differs with another", async () => {
    const lossesWith = async (seed: number): Promise<number[]> => {
      const [model, events]: [TinyModel, Event[]] = [new TinyModel(), []];
      await fit(model, { ...optionsFor(model, events), random: createRandom(seed) });
      return losses(events);
    };

    const [once, again, other] = [await lossesWith(5), await lossesWith(5), await lossesWith(6)];

    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  it("leaves a parameter that takes no part in the loss as it was", async () => {
    const model = new TinyModel();
    const before = [...model.pooler.weight.dataSync()];

    await fit(model, optionsFor(model));

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
      ...optionsFor(whole, wholeEvents),
      batches: (epoch) => [() => join(makeBatch(epoch, 0), makeBatch(epoch, 1)), () => makeBatch(epoch, 2)],
    });
    await fit(parts, { ...optionsFor(parts, partEvents), accumulate: 2 });

    // Three batches: a step of two and a step of the one left.
    expect(partEvents.map(({ kind }) => kind)).toEqual(["step", "step", "epoch", "step", "step", "epoch"]);
    for (const [index, loss] of losses(wholeEvents).entries()) expect(losses(partEvents)[index]).toBeCloseTo(loss, 5);
    for (const [index, values] of weights(whole).entries()) {
      for (const [cell, value] of values.entries()) expect(weights(parts)[index]?.[cell]).toBeCloseTo(value, 4);
    }
  });

  it("gives each batch of a step noise of its own", async () => {
    const model = new TinyModel();
    const seeds: number[][] = [];
    const original = model.loss.bind(model);
    model.loss = (batch, mode) => {
      if (mode.training) seeds.push([...mode.noise.seed.dataSync()]);
      return original(batch, mode);
    };

    await fit(model, { ...optionsFor(model), epochs: 1, accumulate: 2 });

    expect(new Set(seeds.map(String)).size).toBe(3);
  });

  it("ends with the parameters of the epoch that scored highest, the first of equals", async () => {
    const model = new TinyModel();
    const seen: number[][][] = [];
    const scores = [0.2, 0.7, 0.7, 0.1];

    const report = await fit(model, {
      ...optionsFor(model),
      epochs: 4,
      evaluate: async (epoch) => {
        seen.push(weights(model));
        return scores[epoch - 1] as number;
      },
    });

    expect(report.bestEpoch).toBe(2);
    expect(report.epochs.map(({ score }) => score)).toEqual(scores);
    expect(weights(model)).toEqual(seen[1]);
    expect(seen[2]).not.toEqual(seen[1]);
  });

  it("tells what each step and each epoch did", async () => {
    const [model, events]: [TinyModel, Event[]] = [new TinyModel(), []];
    const optimizer = new AdamW(model.parameters(), [{ match: /./, learningRate: 0.05 }], {
      schedule: (step) => step / 4,
    });

    await fit(model, { ...optionsFor(model, events), optimizer });

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

    const error = await caught(fit(model, { ...optionsFor(model), log, signal: controller.signal }));

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

    const error = await caught(fit(model, { ...optionsFor(model), epochs: 100_000, signal: controller.signal }));

    expect(error).toBeInstanceOf(AbortedError);
  });

  it("names the step whose loss is not a number and keeps the parameters from before it", async () => {
    const model = new TinyModel();
    const poisoned = (): Batch => ({ input: tf.fill([4, 3], NaN), target: tf.zeros([4, 1]) });
    let before: number[][] = [];
    const log = (): void => void (before = weights(model));

    const error = await caught(
      fit(model, { ...optionsFor(model), log, batches: () => [() => makeBatch(1, 0), poisoned] }),
    );

    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toContain("loss of step 2 must be finite, got NaN.");
    expect(weights(model)).toEqual(before);
  });

  it.each([
    [{ epochs: 0 }, "epochs must be an integer ≥ 1, got 0."],
    [{ accumulate: 1.5 }, "accumulate must be an integer ≥ 1, got 1.5."],
    [{ batches: () => [] }, "batches(1) must give at least one batch, got none."],
    [{ evaluate: async () => NaN }, "score of epoch 1 must be a finite number, got NaN."],
  ])("refuses impossible options %#", async (options, message) => {
    const model = new TinyModel();

    expect(await caught(fit(model, { ...optionsFor(model), ...options }))).toEqual(new RangeError(message));
  });

  it("refuses an optimizer of another model", async () => {
    const error = await caught(fit(new TinyModel(), optionsFor(new TinyModel())));

    expect(error).toEqual(new RangeError(`optimizer must train the model's parameters, got "first.weight" besides.`));
  });

  it.each([1, 2])("leaves no tensor behind with %i batches a step, stopped or not", async (accumulate) => {
    const model = new TinyModel();
    const options = { ...optionsFor(model), accumulate, evaluate: async (epoch: number) => epoch };
    const before = tf.memory().numTensors;

    await fit(model, options);
    await caught(fit(model, { ...options, signal: AbortSignal.abort() }));
    await caught(fit(model, { ...options, evaluate: async () => NaN }));

    expect(tf.memory().numTensors).toBe(before);
  });
});
