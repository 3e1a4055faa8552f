import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { CommandContext } from "../command-context.ts";
import { collectRows, mergeRows, readResults } from "../results.ts";
import { formatRows, writeResults } from "../results-page.ts";
import { readRunConfig, RunDirectoryError, runFiles } from "../run-directory.ts";

/** Options of the command `report`. */
export interface ReportCommandOptions {
  readonly runs: string;
  readonly out?: string;
  /** Suites whose runs count; all without it. */
  readonly suite?: readonly string[];
  /** Leaves out rows that are in the results already but not among the runs. */
  readonly fresh?: boolean;
}

/** Gathers the scores of finished runs into `results.json` and `results.md`, and prints them. */
export async function reportCommand(
  { runs, out, suite, fresh = false }: ReportCommandOptions,
  { findAdapters, terminal }: CommandContext,
): Promise<void> {
  const directory = out ?? fileURLToPath(new URL("../../results/", import.meta.url));
  const finished = await ofSuites(await findFinishedRuns(runs), suite);
  if (finished.length === 0) throw new RunDirectoryError(`${runs} must hold finished runs, got none.`);
  const added = await collectRows(finished, await findAdapters());
  const rows = mergeRows(fresh ? [] : await readResults(directory), added);
  await writeResults(directory, rows);
  terminal.out(formatRows(rows));
  terminal.notice(`Written to ${join(directory, "results.json")} and results.md.`);
}

/** Finds the directories of finished runs, at any depth. */
export async function findFinishedRuns(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return [];
  if (existsSync(runFiles(directory).config)) return existsSync(runFiles(directory).scores) ? [directory] : [];
  const entries = await readdir(directory, { withFileTypes: true });
  const below = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
  const found = await Promise.all(below.map((name) => findFinishedRuns(join(directory, name))));
  return found.flat();
}

/** The runs of some suites, or all. */
async function ofSuites(directories: readonly string[], suites: readonly string[] | undefined): Promise<string[]> {
  const configs = await Promise.all(directories.map(readRunConfig));
  return directories.filter((_, index) => suites?.includes(configs[index]?.experiment.suite ?? "own") ?? true);
}
