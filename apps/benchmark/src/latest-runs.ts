import { stat } from "node:fs/promises";

import { readRunConfig, runFiles } from "./run-directory.ts";

/** Directories of finished runs, those that repeat another apart. */
export interface LatestRuns {
  /** In the order given. */
  readonly runs: readonly string[];
  /** Runs of an experiment, data and seed of which a later one is among the runs. */
  readonly earlier: readonly string[];
}

/** Keeps of several runs of one paper's experiment on the same data with one seed the one that was finished last. */
export async function latestRuns(directories: readonly string[]): Promise<LatestRuns> {
  const latest = new Map<string, { readonly directory: string; readonly finished: number }>();
  for (const directory of directories) {
    const { experiment, data, seed } = await readRunConfig(directory);
    const key = JSON.stringify([experiment.paper, experiment.name, data, seed]);
    const { mtimeMs: finished } = await stat(runFiles(directory).scores);
    if (finished >= (latest.get(key)?.finished ?? -Infinity)) latest.set(key, { directory, finished });
  }
  const kept = new Set([...latest.values()].map(({ directory }) => directory));
  return {
    runs: directories.filter((directory) => kept.has(directory)),
    earlier: directories.filter((directory) => !kept.has(directory)),
  };
}
