import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Document } from "@relatum/datasets";
import { loadPretrained } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";

import type { SpeedWork } from "../adapter.ts";
import { defaultPlaces, findAdapters, pickAdapter } from "../adapters.ts";
import type { Job, PaperJob, Work } from "./job.ts";
import { SpeedError } from "./speed-error.ts";
import { prepareTrainingSteps } from "./training-steps.ts";

/** Decides weights, batches and dropout masks. */
const SEED = 66;

/** Prepares a paper's work, and writes what a counterpart needs of it into the workspace. */
export async function preparePaper(job: Job & PaperJob, documents: readonly Document[]): Promise<Work> {
  const adapter = pickAdapter(await findAdapters(defaultPlaces(), job.paper), job.paper);
  if (adapter.prepareSpeed === undefined) throw new SpeedError(`${adapter.title} must have work to time, got none.`);
  const { part, config, relations, workspace } = job;
  const isShared = job.compares === "values";
  const work = await adapter.prepareSpeed(documents, {
    part,
    encoder: job.ownEncoder ?? job.encoder,
    loadBackbone: () => loadPretrained(job.encoder),
    config,
    relations,
    seed: SEED,
    ...(isShared && { counterpart: { directory: join(workspace, "model") } }),
  });
  const { batches, count, values, run } = prepareWork(work, job);
  if (isShared) await writeFile(join(workspace, "input.json"), JSON.stringify({ batches }));
  return {
    count,
    numbers: async () => (isShared ? values() : job.compares === "amount" ? [count] : []),
    run: async () => {
      await run();
      return undefined;
    },
  };
}

/** What either kind of work comes to. */
interface PreparedWork {
  readonly batches: readonly (readonly object[])[];
  readonly count: number;
  values(): Promise<readonly number[]>;
  run(): Promise<unknown>;
}

function prepareWork(work: SpeedWork, { steps, batchSize }: PaperJob): PreparedWork {
  if (work.part === "inference") {
    return { batches: work.batches, count: work.count, values: () => work.scores(), run: () => work.run() };
  }
  const training = prepareTrainingSteps(work, { steps, batchSize, random: createRandom(SEED) });
  return {
    batches: training.batches,
    count: steps * batchSize,
    values: () => training.losses(),
    run: () => training.run(),
  };
}
