import * as tf from "@tensorflow/tfjs";

import { drawNoiseSeed } from "../mode.ts";
import { AbortedError } from "./aborted-error.ts";
import type { BatchPart, EpochEvent, FitOptions, FitReport, Trainable } from "./fit-options.ts";
import { ParameterCopy } from "./parameter-copy.ts";
import { BEGINNING, type Run } from "./progress.ts";
import { restoreRun, saveRun } from "./resume.ts";
import { StepRunner } from "./step.ts";

/**
 * Trains a model.
 *
 * Nothing random depends on anything but `options.random` and the number of steps taken, so a run that is stopped and
 * resumed takes the same steps, bit for bit, as one that is not. The event loop turns once a step, so that signals arrive.
 *
 * @returns What happened in each epoch; the model has the best epoch's parameters.
 * @throws {RangeError} If a setting is impossible, or a loss or a score is not a finite number.
 * @throws {CheckpointError} If a checkpoint cannot be written, read or used.
 * @throws {AbortedError} If `signal` ended the run, after a checkpoint was saved.
 */
export async function fit<Batch>(model: Trainable<Batch>, options: FitOptions<Batch>): Promise<FitReport> {
  checkOptions(model, options);
  const runner = new StepRunner(model, options.optimizer);
  const run: Run<Batch> = { model, options, best: new ParameterCopy(), progress: BEGINNING, saved: BEGINNING };
  try {
    await restoreRun(run);
    while (run.progress.epoch <= options.epochs) {
      await trainEpoch(run, runner);
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
async function trainEpoch<Batch>(run: Run<Batch>, runner: StepRunner<Batch>): Promise<void> {
  const { options, progress } = run;
  const { accumulate = 1, checkpoint } = options;
  const remaining = remainingBatches(options.batches(progress.epoch), progress.batchesDone, progress.epoch);
  for (const group of groups(remaining, accumulate)) {
    await stopIfAsked(run);
    await takeStep(run, runner, group);
    if (checkpoint?.everySteps !== undefined && run.progress.step % checkpoint.everySteps === 0) await saveRun(run);
    await tf.nextFrame();
  }
  await stopIfAsked(run);
}

type BatchMaker<Batch> = (() => Batch) | readonly BatchPart<Batch>[];

async function takeStep<Batch>(run: Run<Batch>, runner: StepRunner<Batch>, group: BatchMaker<Batch>[]): Promise<void> {
  const { options, progress } = run;
  const learningRateMultiplier = options.optimizer.multiplier;
  const random = options.random.fork(`step ${progress.step}`);
  const parts = listParts(group);
  const noiseSeeds = parts.map(() => drawNoiseSeed(random));
  try {
    const release = options.release?.bind(options) ?? ((batch: Batch) => tf.dispose(batch as tf.TensorContainer));
    const result = await runner.run(
      parts.map(({ make }) => make),
      noiseSeeds,
      release,
      parts.map(({ weight }) => weight / group.length),
    );
    run.progress = {
      ...progress,
      step: progress.step + 1,
      epochSteps: progress.epochSteps + 1,
      batchesDone: progress.batchesDone + group.length,
      lossSum: progress.lossSum + result.loss,
    };
    options.log?.({ kind: "step", epoch: progress.epoch, step: run.progress.step, learningRateMultiplier, ...result });
  } finally {
    tf.dispose(noiseSeeds);
  }
}

/** The parts of a step's batches: the first of each batch first, so that their noise is that of batches in one part. */
function listParts<Batch>(group: readonly BatchMaker<Batch>[]): BatchPart<Batch>[] {
  const parts = group.map((batch) => (typeof batch === "function" ? [{ make: batch, weight: 1 }] : batch));
  return [...parts.flatMap((ofBatch) => ofBatch.slice(0, 1)), ...parts.flatMap((ofBatch) => ofBatch.slice(1))];
}

/** Evaluates the running epoch, keeps its parameters if they are the best, and goes on to the next. */
async function finishEpoch<Batch>(run: Run<Batch>): Promise<void> {
  const { model, options, progress } = run;
  const { epoch, step, lossSum, epochSteps, epochs } = progress;
  // Evaluation may take long; whatever ends it, the steps are not lost.
  if (options.evaluate !== undefined) await saveRun(run);
  const score = await options.evaluate?.(epoch);
  if (score !== undefined && !Number.isFinite(score)) {
    throw new RangeError(`score of epoch ${epoch} must be a finite number, got ${score}.`);
  }
  const isBest = score !== undefined && score > (progress.best?.score ?? -Infinity);
  if (isBest) run.best.take(model.parameters());
  const event: EpochEvent = {
    kind: "epoch",
    epoch,
    meanLoss: lossSum / epochSteps,
    ...(score === undefined ? {} : { score }),
    ...(options.padding && { padding: options.padding(epoch) }),
  };
  const best = isBest ? { epoch, score, step } : progress.best;
  run.progress = { ...BEGINNING, step, epoch: epoch + 1, epochs: [...epochs, event], best };
  options.log?.(event);
  await saveRun(run);
}

async function stopIfAsked<Batch>(run: Run<Batch>): Promise<void> {
  const { signal, checkpoint } = run.options;
  if (!signal?.aborted) return;
  await saveRun(run);
  throw new AbortedError(run.progress.step, checkpoint?.directory, signal.reason);
}

/** Passes over the batches that are done. */
function* remainingBatches<T>(batches: Iterable<T>, done: number, epoch: number): Generator<T> {
  let count = 0;
  for (const batch of batches) {
    count += 1;
    if (count > done) yield batch;
  }
  if (count === 0) throw new RangeError(`batches(${epoch}) must give at least one batch, got none.`);
  if (count < done) throw new RangeError(`batches(${epoch}) must give the ${done} batches of before, got ${count}.`);
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
  const everySteps = options.checkpoint?.everySteps ?? 1;
  for (const [name, count] of Object.entries({ epochs, accumulate, everySteps })) {
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`${name} must be an integer ≥ 1, got ${count}.`);
  }
  const owned = new Set(model.parameters().values());
  for (const [name, parameter] of optimizer.parameters) {
    if (!owned.has(parameter))
      throw new RangeError(`optimizer must train the model's parameters, got "${name}" besides.`);
  }
}
