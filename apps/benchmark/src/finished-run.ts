import { existsSync } from "node:fs";

import { type Document, type Extraction } from "@relatum/datasets";
import { scoreByEntityCount } from "@relatum/metrics";

import type { PaperAdapter } from "./adapter.ts";
import { readRunCurves, withAreas } from "./curves.ts";
import type { GoldLoader } from "./gold.ts";
import { readPredictions } from "./read-predictions.ts";
import { readRunConfig, readRunScores, type RunConfig, runFiles } from "./run-directory.ts";
import { type RunScores, scoreExtraction, type SplitScores, toPercent } from "./scoring.ts";

/** A run with its scores. */
export interface FinishedRun {
  readonly config: RunConfig;
  readonly scores: RunScores;
}

/** What the scores of a run are completed with. */
export interface FinishedRunOptions {
  /** Of the run's paper; absent where its package is not installed. */
  readonly adapter?: PaperAdapter | undefined;
  /** Reads the documents that were scored; scores stay as they were written without it. */
  readonly gold?: GoldLoader | undefined;
}

/**
 * Reads a finished run, with the areas of its curves.
 *
 * Where its documents are there, scores that it did not write are counted from its predictions: those that are younger
 * than the run, and F1 by number of entities. Scores that it wrote stay as they are.
 *
 * @throws {RunDirectoryError} If the directory holds no finished run.
 */
export async function readFinishedRun(
  directory: string,
  { adapter, gold }: FinishedRunOptions = {},
): Promise<FinishedRun> {
  const config = await readRunConfig(directory);
  const scores = withAreas(await readRunScores(directory), await readRunCurves(directory));
  const data = await gold?.load(config, adapter?.task);
  if (data === undefined || typeof data === "string") return { config, scores };
  const complete = async (split: "development" | "test", written: SplitScores): Promise<SplitScores> => {
    const path = runFiles(directory).predictions(split);
    const documents = data[split] ?? [];
    if (!existsSync(path) || !documents.every(({ labelled }) => labelled)) return written;
    const found = await readPredictions(path);
    const { symmetricRelations } = config.experiment.data;
    const { metrics } = scoreExtraction(documents, found, { trainFacts: data.trainFacts, symmetricRelations });
    return { ...written, metrics: { ...metrics, ...entityCountMetrics(documents, found), ...written.metrics } };
  };
  return {
    config,
    scores: {
      development: await complete("development", scores.development),
      ...(scores.test && { test: await complete("test", scores.test) }),
    },
  };
}

/** What F1 of the documents with so many entities is called: `F1, 6–10 entities`. */
export function entityCountMetric(from: number, to: number): string {
  return `F1, ${to === Infinity ? `${from}+` : `${from}–${to}`} entities`;
}

function entityCountMetrics(documents: readonly Document[], found: Extraction): Readonly<Record<string, number>> {
  if (found.task !== "document") return {};
  return Object.fromEntries(
    scoreByEntityCount(documents, found.relations)
      .filter(({ documentCount }) => documentCount > 0)
      .map(({ from, to, scores }) => [entityCountMetric(from, to), toPercent(scores.all.f1)]),
  );
}
