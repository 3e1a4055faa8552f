import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Document } from "@relatum/datasets";
import { loadPretrained } from "@relatum/encoders";

import { defaultPlaces, findAdapters, pickAdapter } from "../adapters.ts";
import type { Job, PaperJob, Work } from "./job.ts";
import { SpeedError } from "./speed-error.ts";

/** Prepares a paper's work, and writes what a counterpart needs of it into the workspace. */
export async function preparePaper(job: Job & PaperJob, documents: readonly Document[]): Promise<Work> {
  const adapter = pickAdapter(await findAdapters(defaultPlaces(), job.paper), job.paper);
  if (adapter.prepareSpeed === undefined) throw new SpeedError(`${adapter.title} must have work to time, got none.`);
  const { part, config, relations, steps, batchSize, workspace } = job;
  const work = await adapter.prepareSpeed(documents, {
    part,
    backbone: await loadPretrained(job.encoder),
    config,
    relations,
    steps,
    batchSize,
    ...(job.hasCounterpart && { counterpart: { directory: join(workspace, "model") } }),
  });
  if (job.hasCounterpart) await writeFile(join(workspace, "input.json"), JSON.stringify(work.input));
  return {
    numbers: () => (job.hasCounterpart ? work.check() : Promise.resolve([])),
    run: async () => {
      await work.run();
      return undefined;
    },
  };
}
