import * as tf from "@tensorflow/tfjs";

import { graphSettings } from "../graph/settings.ts";
import type { NamedTensors } from "../module.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { listCheckpoints, loadCheckpoint, type LoadedCheckpoint, saveCheckpoint, setAside } from "./checkpoint.ts";
import type { Run } from "./progress.ts";

/**
 * Puts a run where its newest sound checkpoint is, if it is to resume and has one.
 *
 * @throws {CheckpointError} If the checkpoints are damaged, of another run, or in the way of a run that begins anew.
 */
export async function restoreRun<Batch>(run: Run<Batch>): Promise<void> {
  const { options } = run;
  const { checkpoint } = options;
  if (checkpoint === undefined) return;
  const { directory, resume } = checkpoint;
  if (!resume) {
    const newest = (await listCheckpoints(directory)).at(-1);
    if (newest === undefined) return;
    throw new CheckpointError(
      directory,
      `must hold no checkpoint to begin anew, got ${newest}. Resume, or remove the directory.`,
    );
  }
  const loaded = await loadCheckpoint(directory);
  if (loaded === undefined) return;
  try {
    requireSameRun(run, loaded);
    applyCheckpoint(run, loaded);
  } finally {
    tf.dispose([loaded.parameters, loaded.moments, loaded.best].flatMap((tensors) => [...tensors.values()]));
  }
  await setAside(directory, loaded.skipped);
  const { epoch, step } = run.progress;
  options.log?.({ kind: "resume", epoch, step, skipped: loaded.skipped.map(({ error }) => error.message) });
}

/**
 * Saves where a run is, unless that has been saved already.
 *
 * @throws {CheckpointError} If it cannot be written.
 */
export async function saveRun<Batch>(run: Run<Batch>): Promise<void> {
  const { model, options, progress, best } = run;
  if (options.checkpoint === undefined || run.saved === progress) return;
  const isBest = progress.best?.step === progress.step;
  await saveCheckpoint(options.checkpoint.directory, {
    parameters: model.parameters(),
    moments: options.optimizer.state().moments,
    best: isBest ? new Map() : best.tensors,
    progress,
    fingerprint: fingerprintOf(run),
  });
  run.saved = progress;
}

function fingerprintOf<Batch>({ options }: Run<Batch>): Record<string, string> {
  const { checkpoint, optimizer, accumulate = 1, random } = options;
  return {
    ...checkpoint?.fingerprint,
    "fit.accumulate": String(accumulate),
    "fit.products": graphSettings().products,
    "fit.optimizer": optimizer.description,
    // A number that tells seeds apart; forks leave the stream itself as it is.
    "fit.random": String(random.fork("fingerprint").integer(2 ** 31)),
  };
}

function requireSameRun<Batch>(run: Run<Batch>, checkpoint: LoadedCheckpoint): void {
  const { path, fingerprint, parameters, best, progress } = checkpoint;
  const advice = "Resume with the settings of that run, or choose another directory.";
  const expected = fingerprintOf(run);
  for (const name of new Set([...Object.keys(expected), ...Object.keys(fingerprint)])) {
    if (expected[name] === fingerprint[name]) continue;
    const [asked, found] = [quote(expected[name]), quote(fingerprint[name])];
    throw new CheckpointError(path, `must be of the same run, whose ${name} is ${asked}, got ${found}. ${advice}`);
  }
  const own = run.model.parameters();
  const hasBest = progress.best !== null && progress.best.step !== progress.step;
  for (const saved of hasBest ? [parameters, best] : [parameters]) {
    for (const name of new Set([...own.keys(), ...saved.keys()])) {
      const [asked, found] = [describeTensor(own, name), describeTensor(saved, name)];
      if (asked === found) continue;
      const problem = `must be of the same model, whose "${name}" is ${asked}, got ${found}. ${advice}`;
      throw new CheckpointError(path, problem);
    }
  }
}

function applyCheckpoint<Batch>(
  run: Run<Batch>,
  { path, parameters, moments, best, progress }: LoadedCheckpoint,
): void {
  const { model, options } = run;
  try {
    options.optimizer.restore({ step: progress.step, moments });
  } catch (cause) {
    throw new CheckpointError(path, `must suit the optimizer: ${String(cause)}`, cause);
  }
  for (const [name, parameter] of model.parameters()) parameter.assign(parameters.get(name) as tf.Tensor);
  if (progress.best !== null) run.best.take(progress.best.step === progress.step ? model.parameters() : best);
  run.progress = progress;
  run.saved = progress;
}

function quote(value: string | undefined): string {
  return value === undefined ? "not given" : `"${value}"`;
}

function describeTensor(tensors: NamedTensors, name: string): string {
  const tensor = tensors.get(name);
  return tensor === undefined ? "missing" : `${tensor.dtype} [${tensor.shape.join(", ")}]`;
}
