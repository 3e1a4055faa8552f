import { existsSync } from "node:fs";

import type { Extraction } from "@relatum/datasets";

import type { PaperAdapter } from "../adapter.ts";
import { encoderName } from "../comparison.ts";
import { readRunCurves, type RunCurves } from "../curves.ts";
import type { FinishedRun } from "../finished-run.ts";
import type { GoldData, GoldLoader } from "../gold.ts";
import { readPredictions } from "../read-predictions.ts";
import { collectRows, groupRuns, type ResultRow } from "../results.ts";
import { readRunConfig, readRunScores, runFiles } from "../run-directory.ts";
import { readRunLog, type TimedEvent } from "../run-log.ts";

/** The splits that are scored. */
export const SPLITS = ["development", "test"] as const;

/** One of {@link SPLITS}. */
export type Split = (typeof SPLITS)[number];

/** A finished run with everything that it left. */
export interface PageRun extends FinishedRun {
  readonly directory: string;
  readonly log: readonly TimedEvent[];
  readonly predictions: Readonly<Partial<Record<Split, Extraction>>>;
  /** Of what the model scores in all; empty for older runs, and for models that do not say. */
  readonly curves: RunCurves;
}

/** An experiment with its runs, one a seed. */
export interface Setting {
  /** Unlike any other setting's of the same data: `ATLOP`, `ATLOP, baseline`. */
  readonly label: string;
  readonly dataset: string;
  readonly encoder: string;
  readonly task: Extraction["task"];
  /** Absent where the paper's package is not installed. */
  readonly adapter?: PaperAdapter;
  /** By seed; at least one. */
  readonly runs: readonly PageRun[];
  /** Its metrics, with the published and the reference numbers. */
  readonly rows: readonly ResultRow[];
  /** The documents that the runs were scored on, or why they are not there. */
  readonly gold: GoldData | string;
}

/**
 * Reads finished runs and the documents they were scored on.
 *
 * @param loader Reads the documents.
 */
export async function readSettings(
  directories: readonly string[],
  adapters: readonly PaperAdapter[],
  loader: GoldLoader,
): Promise<Setting[]> {
  const runs = await Promise.all(directories.map(readRun));
  const settings: Setting[] = [];
  for (const group of groupRuns(runs)) {
    const [first] = group as [PageRun];
    const { experiment, dataset } = first.config;
    const adapter = adapters.find(({ name }) => name === experiment.paper);
    const { title = experiment.paper } = adapter ?? {};
    settings.push({
      label: experiment.variant === "full" ? title : `${title}, ${experiment.variant}`,
      dataset,
      encoder: encoderName(experiment),
      task: taskOf(first, adapter),
      ...(adapter && { adapter }),
      runs: group,
      rows: await collectRows(
        group.map(({ directory }) => directory),
        adapters,
        loader,
      ),
      gold: await loader.load(first.config, adapter?.task),
    });
  }
  return settings.map((setting) => distinguish(setting, settings));
}

async function readRun(directory: string): Promise<PageRun> {
  const files = runFiles(directory);
  const config = await readRunConfig(directory);
  const scores = await readRunScores(directory);
  const curves = await readRunCurves(directory);
  const run = { directory, config, scores, curves, log: await readRunLog(files.log) };
  const read = async (split: Split): Promise<[Split, Extraction][]> => {
    const path = files.predictions(split);
    return existsSync(path) ? [[split, await readPredictions(path)]] : [];
  };
  const predictions = (await Promise.all(SPLITS.map(read))).flat();
  return { ...run, predictions: Object.fromEntries(predictions) };
}

function taskOf({ scores }: FinishedRun, adapter: PaperAdapter | undefined): Extraction["task"] {
  return adapter?.task ?? ("Rel F1" in scores.development.metrics ? "sentence" : "document");
}

/** Adds the experiment's name to a label that another setting of the same data has. */
function distinguish(setting: Setting, all: readonly Setting[]): Setting {
  const { label, dataset, runs } = setting;
  const namesakes = all.filter((other) => other.label === label && other.dataset === dataset);
  return namesakes.length < 2 ? setting : { ...setting, label: `${label} (${runs[0]?.config.experiment.name})` };
}
