import * as tf from "@tensorflow/tfjs";

import { drawNoiseSeed } from "../mode.ts";
import { AbortedError } from "./aborted-error.ts";
import type { EpochEvent, FitOptions, FitReport, Trainable } from "./fit-options.ts";
import { ParameterCopy } from "./parameter-copy.ts";
import { createProgress, type Progress } from "./progress.ts";
import { StepRunner } from "./step.ts";

interface Run<Batch> {
  readonly model: Trainable<Batch>;
  readonly options: FitOptions<Batch>;
  readonly runner: StepRunner<Batch>;
  readonly best: ParameterCopy;
  readonly progress: Progress;
}

/**
 * Trains a model.
 *
 * Nothing random depends on anything but `options.random` and the number of steps taken, so a run that is stopped and
 * resumed takes the same steps, bit for bit, as one that is not. The event loop turns once a step, so that signals arrive.
 *
 * @returns What happened in each epoch; the model has the best epoch's parameters.
 * @throws {RangeError} If a setting is impossible, or a loss or a score is not a finite number.
 * @throws {AbortedError} If `signal` ended the run.
 */
export async function fit<Batch>(model: Trainable<Batch>, options: FitOptions<Batch>): Promise<FitReport> {
  checkOptions(model, options);
  const runner = new StepRunner(model, options.optimizer);
  const run: Run<Batch> = { model, options, runner, best: new ParameterCopy(), progress: createProgress() };
  try {
    while (run.progress.epoch <= options.epochs) {
      await trainEpoch(run);
      await finishEpoch(run);
    }
    run.best.putBack(model.parameters());
    const { epochs, best, step } = run.progress;
    return { epochs, bestEpoch: best?.epoch ?? epochs.length, steps: step };
  } finally {
    run.best.dispose();
    runner.dispose();
  }
}

/** Takes the steps of the running epoch that are still to be taken. */
async function trainEpoch<Batch>(run: Run<Batch>): Promise<void> {
  const { options, progress } = run;
  const { accumulate = 1 } = options;
  const remaining = skip(options.batches(progress.epoch), progress.batchesDone);
  for (const group of groups(remaining, accumulate)) {
    stopIfAsked(run);
    await takeStep(run, group);
    await tf.nextFrame();
  }
  if (progress.epochSteps === 0)
    throw new RangeError(`batches(${progress.epoch}) must give at least one batch, got none.`);
}

async function takeStep<Batch>({ options, runner, progress }: Run<Batch>, group: (() => Batch)[]): Promise<void> {
  const learningRateMultiplier = options.optimizer.multiplier;
  const random = options.random.fork(`step ${progress.step}`);
  const noiseSeeds = group.map(() => drawNoiseSeed(random));
  try {
    const release = options.release?.bind(options) ?? ((batch: Batch) => tf.dispose(batch as tf.TensorContainer));
    const result = await runner.run(group, noiseSeeds, release);

    progress.step += 1;
    progress.epochSteps += 1;
    progress.batchesDone += group.length;
    progress.lossSum += result.loss;
    options.log?.({ kind: "step", epoch: progress.epoch, step: progress.step, learningRateMultiplier, ...result });
  } finally {
    tf.dispose(noiseSeeds);
  }
}

/** Evaluates the running epoch, keeps its parameters if they are the best, and goes on to the next. */
async function finishEpoch<Batch>({ model, options, best, progress }: Run<Batch>): Promise<void> {
  const { epoch, step } = progress;
  const score = await options.evaluate?.(epoch);
  if (score !== undefined && !Number.isFinite(score)) {
    throw new RangeError(`score of epoch ${epoch} must be a finite number, got ${score}.`);
  }
  if (score !== undefined && score > (progress.best?.score ?? -Infinity)) {
    progress.best = { epoch, score, step };
    best.take(model.parameters());
  }
  const meanLoss = progress.lossSum / progress.epochSteps;
  const event: EpochEvent = { kind: "epoch", epoch, meanLoss, ...(score === undefined ? {} : { score }) };
  progress.epochs.push(event);
  Object.assign(progress, { epoch: epoch + 1, batchesDone: 0, lossSum: 0, epochSteps: 0 });
  options.log?.(event);
}

function stopIfAsked<Batch>({ options, progress }: Run<Batch>): void {
  const { signal, checkpoint } = options;
  if (signal?.aborted) throw new AbortedError(progress.step, checkpoint?.directory, signal.reason);
}

function* skip<T>(items: Iterable<T>, count: number): Generator<T> {
  let passed = 0;
  for (const item of items) {
    passed += 1;
    if (passed > count) yield item;
  }
}

function* groups<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function checkOptions<Batch>(model: Trainable<Batch>, options: FitOptions<Batch>): void {
  const { epochs, accumulate = 1, optimizer } = options;
  for (const [name, count] of Object.entries({ epochs, accumulate })) {
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`${name} must be an integer ≥ 1, got ${count}.`);
  }
  const owned = new Set(model.parameters().values());
  for (const [name, parameter] of optimizer.parameters) {
    if (!owned.has(parameter))
      throw new RangeError(`optimizer must train the model's parameters, got "${name}" besides.`);
  }
}
