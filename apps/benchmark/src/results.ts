import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { PaperAdapter, PublishedResult } from "./adapter.ts";
import { loadPublished } from "./adapters.ts";
import { formatCommand } from "./command-line.ts";
import { datasetName, type Experiment } from "./experiment.ts";
import { readRunConfig, readRunScores, type RunConfig } from "./run-directory.ts";
import { formatPercent } from "./score-table.ts";
import type { RunScores, SplitScores } from "./scoring.ts";
import { formatMarkdownTable, formatTable } from "./text-table.ts";
import { writeJson, writeWhole } from "./write-file.ts";

/** One metric of one experiment over its seeds, beside what the paper printed; values are in percent. */
export interface ResultRow {
  readonly model: string;
  readonly variant: string;
  readonly dataset: string;
  readonly split: string;
  readonly encoder: string;
  readonly metric: string;
  /** One a seed, in order of the seeds. */
  readonly values: readonly number[];
  readonly mean: number;
  /** The command that gives these values. */
  readonly command: string;
  readonly experiment: string;
  readonly seeds: readonly number[];
  readonly published?: PublishedResult;
  /** How encoder, data or recipe differ from the published row's. */
  readonly differences: readonly string[];
}

interface FinishedRun {
  readonly config: RunConfig;
  readonly scores: RunScores;
}

/**
 * Gathers the results of finished runs, a row for each metric of each experiment and split.
 *
 * @param adapters Give titles and published numbers.
 */
export async function collectRows(
  directories: readonly string[],
  adapters: readonly PaperAdapter[],
): Promise<ResultRow[]> {
  const runs = await Promise.all(
    directories.map(async (directory): Promise<FinishedRun> => ({
      config: await readRunConfig(directory),
      scores: await readRunScores(directory),
    })),
  );
  const groups = new Map<string, FinishedRun[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.config.experiment.name, run.config.data]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const rows = await Promise.all([...groups.values()].map((group) => rowsOfExperiment(group, adapters)));
  return rows.flat();
}

/** Writes rows as `results.json` and `results.md` into a directory. */
export async function writeResults(directory: string, rows: readonly ResultRow[]): Promise<void> {
  await writeJson(join(directory, "results.json"), rows);
  await writeWhole(join(directory, "results.md"), formatResultsPage(rows));
}

/** The rows of a directory's `results.json`; none where there is none. */
export async function readResults(directory: string): Promise<ResultRow[]> {
  const path = join(directory, "results.json");
  return existsSync(path) ? (JSON.parse(await readFile(path, "utf8")) as ResultRow[]) : [];
}

/** Old rows with new ones in their places; rows of other experiments stay. */
export function mergeRows(old: readonly ResultRow[], added: readonly ResultRow[]): ResultRow[] {
  const keyOf = ({ experiment, split, metric }: ResultRow): string => JSON.stringify([experiment, split, metric]);
  const replaced = new Set(added.map(({ experiment }) => experiment));
  const rows = [...old.filter(({ experiment }) => !replaced.has(experiment)), ...added];
  return rows.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

/** Rows as a table for the terminal. */
export function formatRows(rows: readonly ResultRow[]): string {
  return formatTable(HEADER, rows.map(toCells));
}

const HEADER = ["model", "variant", "data", "split", "encoder", "metric", "mean", "by seed", "paper", "differences"];

function formatResultsPage(rows: readonly ResultRow[]): string {
  const commands = [...new Map(rows.map(({ experiment, command }) => [experiment, command]))];
  return [
    "# Results",
    "",
    "Percentages. `relatum-bench report` writes this page from the run directories; `results.json` holds the same rows.",
    "Where *differences* names the encoder, the data or the recipe, the paper's number was reached with another one and",
    "is no yardstick for ours.",
    "",
    formatMarkdownTable(HEADER, rows.map(toCells)),
    "",
    "Commands:",
    "",
    ...commands.map(([experiment, command]) => `- ${experiment}: \`${command}\``),
    "",
  ].join("\n");
}

function toCells(row: ResultRow): string[] {
  const { published } = row;
  return [
    row.model,
    row.variant,
    row.dataset,
    row.split,
    row.encoder,
    row.metric,
    formatPercent(row.mean),
    row.values.map(formatPercent).join(" "),
    published === undefined ? "–" : `${published.value} (${published.source})`,
    row.differences.join("; "),
  ];
}

async function rowsOfExperiment(
  group: readonly FinishedRun[],
  adapters: readonly PaperAdapter[],
): Promise<ResultRow[]> {
  const runs = group.toSorted((one, other) => one.config.seed - other.config.seed);
  const [first] = runs;
  if (first === undefined) return [];
  const { experiment } = first.config;
  const adapter = adapters.find(({ name }) => name === experiment.paper);
  const published = adapter === undefined ? [] : await loadPublished(adapter);
  const seeds = runs.map(({ config }) => config.seed);

  return (["development", "test"] as const).flatMap((split) => {
    const scores = runs.map((run) => run.scores[split]).filter((score): score is SplitScores => score !== undefined);
    if (scores.length < runs.length) return [];
    return Object.keys(scores[0]?.metrics ?? {}).map((metric): ResultRow => {
      const values = scores.map(({ metrics }) => metrics[metric] ?? 0);
      const printed = findPublished(published, experiment, split, metric);
      return {
        model: adapter?.title ?? experiment.paper,
        variant: experiment.variant,
        dataset: datasetName(experiment),
        split,
        encoder: encoderName(experiment),
        metric,
        values,
        mean: round(values.reduce((sum, value) => sum + value, 0) / values.length),
        command: commandOf(first.config, seeds),
        experiment: experiment.name,
        seeds,
        ...(printed && { published: printed }),
        differences: differencesFrom(experiment, split, printed),
      };
    });
  });
}

/** The paper's number for a row: of the same split if there is one, else of another. */
function findPublished(
  published: readonly PublishedResult[],
  experiment: Experiment,
  split: string,
  metric: string,
): PublishedResult | undefined {
  const dataset = experiment.data.comparedWith ?? datasetName(experiment);
  const fitting = published.filter(
    (result) => result.variant === experiment.variant && result.dataset === dataset && result.metric === metric,
  );
  const sameEncoder = fitting.filter(({ encoder }) => encoder === experiment.encoder);
  const candidates = sameEncoder.length > 0 ? sameEncoder : fitting;
  return candidates.find((result) => result.split === split) ?? candidates[0];
}

function differencesFrom(
  experiment: Experiment,
  split: string,
  published: PublishedResult | undefined,
): readonly string[] {
  const own = experiment.differences === undefined ? [] : [experiment.differences];
  if (published === undefined) return own;
  const encoder = encoderName(experiment);
  const dataset = datasetName(experiment);
  return [
    ...(published.encoder === encoder ? [] : [`paper's encoder: ${published.encoder}`]),
    ...(published.dataset === dataset ? [] : [`paper's data: ${published.dataset}`]),
    ...(published.split === split ? [] : [`paper's split: ${published.split}`]),
    ...own,
  ];
}

function encoderName({ encoder, encoderLayers }: Experiment): string {
  return encoderLayers === undefined ? encoder : `${encoder}, ${encoderLayers} layers`;
}

/** The command that repeats the runs; of a single `train` run, the command that was typed. */
function commandOf({ experiment, command }: RunConfig, seeds: readonly number[]): string {
  if (experiment.suite === "own") return command;
  const { suite, paper, name } = experiment;
  const single = seeds.length === 1 && experiment.seeds.length > 1 ? ["--seed", `${seeds[0]}`] : [];
  const parts = ["run", "--suite", suite, "--paper", paper, "--experiment", name.replace(/-portable$/, ""), ...single];
  return formatCommand("npm run bench --", "dataset" in experiment.data ? parts : [...parts, "--data", "DATA"]);
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
