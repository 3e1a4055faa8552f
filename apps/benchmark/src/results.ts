import { existsSync } from "node:fs";
import { join } from "node:path";

import type { ReportRow } from "@relatum/metrics";

import type { PaperAdapter, PublishedResult, ReferenceResult } from "./adapter.ts";
import { loadPublished, loadReference } from "./adapters.ts";
import { differencesFrom, encoderName, findPublished, findReference } from "./comparison.ts";
import { formatCommand } from "./command-line.ts";
import { type FinishedRun, readFinishedRun } from "./finished-run.ts";
import type { GoldLoader } from "./gold.ts";
import { wholeName } from "./quick.ts";
import { readJsonFile, readRunConfig, type RunConfig } from "./run-directory.ts";
import { resultsShape } from "./stored-shapes.ts";

/** One metric of one experiment over its seeds, beside what the paper printed; values are in percent. */
export interface ResultRow extends Pick<
  ReportRow,
  "model" | "variant" | "dataset" | "split" | "encoder" | "metric" | "values" | "mean" | "command"
> {
  readonly experiment: string;
  /** In the order of the values. */
  readonly seeds: readonly number[];
  /** How long training took; absent in rows of older reports. */
  readonly epochs?: number;
  readonly published?: PublishedResult;
  readonly reference?: ReferenceResult;
  /** How encoder, data or recipe differ from the published row's. */
  readonly differences: readonly string[];
}

/**
 * Gathers the results of finished runs, a row for each metric of each experiment and split.
 *
 * @param adapters Give titles and published numbers.
 * @param gold Reads the documents that were scored, for scores that older runs lack.
 */
export async function collectRows(
  directories: readonly string[],
  adapters: readonly PaperAdapter[],
  gold?: GoldLoader,
): Promise<ResultRow[]> {
  const runs: FinishedRun[] = [];
  for (const directory of directories) {
    const { experiment } = await readRunConfig(directory);
    const adapter = adapters.find(({ name }) => name === experiment.paper);
    runs.push(await readFinishedRun(directory, { adapter, gold }));
  }
  const rows = await Promise.all(groupRuns(runs).map((group) => rowsOfExperiment(group, adapters)));
  return rows.flat();
}

/** Runs of one experiment on the same data together, by seed. */
export function groupRuns<Run extends Pick<FinishedRun, "config">>(runs: readonly Run[]): Run[][] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const { experiment, data } = run.config;
    const key = JSON.stringify([experiment.paper, experiment.name, data]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map((group) => group.toSorted((one, other) => one.config.seed - other.config.seed));
}

/**
 * The rows of a directory's `results.json`; none where there is none.
 *
 * @throws {RunDirectoryError} If the file holds something else.
 */
export async function readResults(directory: string): Promise<ResultRow[]> {
  const path = join(directory, "results.json");
  return existsSync(path) ? readResultsFile(path) : [];
}

/**
 * The rows of a `results.json`.
 *
 * @throws {RunDirectoryError} If the file holds something else.
 */
export function readResultsFile(path: string): Promise<ResultRow[]> {
  return readJsonFile<ResultRow[]>(path, resultsShape, "rows of results");
}

/** Old rows with new ones in their places; rows of other experiments stay. */
export function mergeRows(old: readonly ResultRow[], added: readonly ResultRow[]): ResultRow[] {
  const keyOf = ({ model, experiment, dataset, split, metric }: ResultRow): string =>
    JSON.stringify([experiment, model, dataset, split, metric]);
  const experimentOf = ({ model, experiment, dataset }: ResultRow): string =>
    JSON.stringify([model, experiment, dataset]);
  const replaced = new Set(added.map(experimentOf));
  const rows = [...old.filter((row) => !replaced.has(experimentOf(row))), ...added];
  return rows.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

async function rowsOfExperiment(runs: readonly FinishedRun[], adapters: readonly PaperAdapter[]): Promise<ResultRow[]> {
  const [first] = runs;
  if (first === undefined) return [];
  const { experiment } = first.config;
  const adapter = adapters.find(({ name }) => name === experiment.paper);
  const published = adapter === undefined ? [] : await loadPublished(adapter);
  const references = adapter === undefined ? [] : await loadReference(adapter);
  const command = commandOf(
    first.config,
    runs.map(({ config }) => config.seed),
  );

  return (["development", "test"] as const).flatMap((split) => {
    const scored = runs.filter((run) => run.scores[split] !== undefined);
    if (scored.length < runs.length) return [];
    const metrics = [...new Set(scored.flatMap(({ scores }) => Object.keys(scores[split]?.metrics ?? {})))];
    return metrics.map((metric): ResultRow => {
      // A score that only younger runs have is the mean of theirs.
      const having = scored.flatMap(({ config, scores }) => {
        const value = scores[split]?.metrics[metric];
        return value === undefined ? [] : [{ seed: config.seed, value }];
      });
      const values = having.map(({ value }) => value);
      const printed = findPublished(published, first.config, split, metric);
      const reference = findReference(references, first.config, split, metric);
      return {
        model: adapter?.title ?? experiment.paper,
        variant: experiment.variant,
        dataset: first.config.dataset,
        split,
        encoder: encoderName(experiment),
        metric,
        values,
        mean: round(meanOf(values)),
        command,
        experiment: experiment.name,
        seeds: having.map(({ seed }) => seed),
        epochs: experiment.training.epochs,
        ...(printed && { published: printed }),
        ...(reference && { reference }),
        differences: differencesFrom(first.config, split, printed),
      };
    });
  });
}

/** The command that repeats the runs; of a single `train` run, the command that was typed, with no place of a machine. */
function commandOf({ experiment, command, engine }: RunConfig, seeds: readonly number[]): string {
  if (experiment.suite === "own") return withoutPlaces(command);
  const { suite, paper, name } = experiment;
  const single = seeds.length === 1 && experiment.seeds.length > 1 ? ["--seed", `${seeds[0]}`] : [];
  const whole = wholeName(name);
  const parts = ["run", "--suite", suite, "--paper", paper, "--experiment", whole, ...single];
  if (!("dataset" in experiment.data)) parts.push("--data", "DATA");
  if (whole !== name) parts.push("--engine", engine);
  return formatCommand("npm run bench --", parts);
}

const VALUE = "(?:'[^']*'|\\S+)";

/** A command with `DATA` and `RUN` for directories, and of every other absolute path the last part alone. */
function withoutPlaces(command: string): string {
  return command
    .replace(/^relatum-bench /, "npm run bench -- ")
    .replace(new RegExp(`(--data[ =])${VALUE}`), "$1DATA")
    .replace(new RegExp(`(--out[ =])${VALUE}`), "$1RUN")
    .replace(/(?<= )\/(?:[^\s/]+\/)*([^\s/]+)/g, "$1");
}

/** The mean; NaN of no values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
