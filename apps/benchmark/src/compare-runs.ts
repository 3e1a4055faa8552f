import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import type { Document, Extraction } from "@relatum/datasets";
import {
  bootstrapDifference,
  countsByDocument,
  type DocumentCounts,
  randomizationTest,
  sentenceCountsByDocument,
} from "@relatum/metrics";
import { createRandom } from "@relatum/tensor-utils";

import { loadExperimentData } from "./data.ts";
import { readPredictions } from "./read-predictions.ts";
import { readRunConfig, readRunScores, type RunConfig, RunDirectoryError, runFiles } from "./run-directory.ts";
import { MAIN_METRIC, type RunScores } from "./scoring.ts";
import { secondsPerStep } from "./step-time.ts";

/** How the runs of one experiment differ between two states of the code, on one split. */
export interface Comparison {
  readonly paper: string;
  readonly experiment: string;
  readonly dataset: string;
  readonly split: "development" | "test";
  readonly metric: string;
  /** Those that both sides have. */
  readonly seeds: readonly number[];
  /** Mean over the seeds, in percent. */
  readonly base: number;
  readonly head: number;
  /** Between which values the difference lies with 95 % confidence, in points; absent where only scores are known. */
  readonly interval?: readonly [low: number, high: number];
  /** Probability of a difference at least this large, either way, were both equally good. */
  readonly pValue: number;
  /** Seconds of a step at the base by those at the head, medians: above 1 the head is faster; absent if unknown. */
  readonly speed?: number;
}

/** A run of each side, with the same seed where the sides have one in common. */
interface RunPair {
  readonly base: Run;
  readonly head: Run;
}

interface Run {
  readonly directory: string;
  readonly config: RunConfig;
  readonly scores: RunScores;
}

/** Differences less likely than this by chance are called so. */
export const SIGNIFICANCE = 0.05;

/**
 * Compares the finished runs of two sides, experiment by experiment.
 *
 * The counts of each document are summed over the seeds, and documents change sides in the test: it tells whether these
 * models differ on text of this kind. How much training itself varies shows in the seeds, of which there should be several.
 *
 * @param dataDirectory What the experiments' file names are relative to.
 * @throws {RangeError} If the sides have no experiment and seed in common, or not on the same data.
 */
export async function compareRuns(
  base: readonly string[],
  head: readonly string[],
  dataDirectory?: string,
): Promise<Comparison[]> {
  const [baseRuns, headRuns] = await Promise.all([base, head].map((side) => Promise.all(side.map(readRun))));
  const pairs = pairRuns(baseRuns as Run[], headRuns as Run[]);
  if (pairs.length === 0) {
    throw new RangeError("BASE and HEAD must have runs of one experiment and seed in common, got none.");
  }
  const comparisons: Comparison[] = [];
  for (const group of pairs) comparisons.push(...(await compareExperiment(group, dataDirectory)));
  return comparisons;
}

async function readRun(directory: string): Promise<Run> {
  return { directory, config: await readRunConfig(directory), scores: await readRunScores(directory) };
}

/** The pairs of each experiment; two sides of one experiment each are compared whatever their names. */
function pairRuns(base: readonly Run[], head: readonly Run[]): [RunPair, ...RunPair[]][] {
  const [baseGroups, headGroups] = [groupByExperiment(base), groupByExperiment(head)];
  const single = baseGroups.size === 1 && headGroups.size === 1;
  const found: [RunPair, ...RunPair[]][] = [];
  for (const [name, runs] of headGroups) {
    const others = single ? [...baseGroups.values()].flat() : (baseGroups.get(name) ?? []);
    const alone = runs.length === 1 && others.length === 1;
    const [first, ...rest] = runs.flatMap((run): RunPair[] => {
      const other = others.find(({ config }) => alone || config.seed === run.config.seed);
      return other === undefined ? [] : [{ base: other, head: run }];
    });
    if (first !== undefined) found.push([first, ...rest]);
  }
  return found;
}

function groupByExperiment(runs: readonly Run[]): Map<string, Run[]> {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const name = `${run.config.experiment.paper} ${run.config.experiment.name}`;
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  return groups;
}

async function compareExperiment(
  pairs: readonly [RunPair, ...RunPair[]],
  dataDirectory: string | undefined,
): Promise<Comparison[]> {
  const { config } = pairs[0].head;
  const task = config.entityTypes === undefined ? "document" : "sentence";
  const metric = MAIN_METRIC[task];
  for (const { base, head } of pairs) requireSameData(base, head);
  const data = await loadExperimentData(config.experiment, dataDirectory, task);
  if (!isDeepStrictEqual(data.fingerprint, config.data)) {
    throw new RangeError(`The data of ${pairs[0].head.directory} must be those it ran on, but the files have changed.`);
  }
  const speed = ratioOf(pairs.map(({ base, head }) => [secondsOf(base), secondsOf(head)]));
  const found: Comparison[] = [];
  for (const split of ["development", "test"] as const) {
    const gold = data[split];
    if (gold === undefined || pairs.some(({ base, head }) => !base.scores[split] || !head.scores[split])) continue;
    const meanOf = (side: keyof RunPair): number =>
      mean(pairs.map((pair) => pair[side].scores[split]?.metrics[metric]));
    found.push({
      paper: config.experiment.paper,
      experiment: config.experiment.name,
      dataset: config.dataset,
      split,
      metric,
      seeds: pairs.map(({ head }) => head.config.seed),
      base: meanOf("base"),
      head: meanOf("head"),
      ...(await testDifference(pairs, split, gold)),
      ...(speed !== undefined && { speed }),
    });
  }
  return found;
}

/** The paired test over documents, and the interval of the difference. */
async function testDifference(
  pairs: readonly RunPair[],
  split: string,
  gold: readonly Document[],
): Promise<Pick<Comparison, "interval" | "pValue">> {
  const countsOf = async (side: keyof RunPair): Promise<DocumentCounts[]> => {
    const paths = pairs.map((pair) => runFiles(pair[side].directory).predictions(split));
    const missing = paths.find((path) => !existsSync(path));
    if (missing !== undefined) throw new RunDirectoryError(`${missing} must be there to compare with, but is not.`);
    return sumByDocument(
      await Promise.all(paths.map(async (path) => countDocuments(gold, await readPredictions(path)))),
    );
  };
  const [head, base] = [await countsOf("head"), await countsOf("base")];
  // Always the same draws: the result is a property of the predictions.
  const { pValue } = randomizationTest(head, base, { random: createRandom(0) });
  const { low, high } = bootstrapDifference(head, base, { random: createRandom(0) });
  return { interval: [100 * low, 100 * high], pValue };
}

function countDocuments(gold: readonly Document[], found: Extraction): DocumentCounts[] {
  return found.task === "document"
    ? countsByDocument(gold, found.relations)
    : sentenceCountsByDocument(gold, found, "relations");
}

function sumByDocument(bySeed: readonly (readonly DocumentCounts[])[]): DocumentCounts[] {
  const sums = new Map<string, DocumentCounts>();
  for (const counts of bySeed.flat()) {
    const { documentId } = counts;
    const sum = sums.get(documentId) ?? { correct: 0, predicted: 0, gold: 0 };
    sums.set(documentId, {
      documentId,
      correct: sum.correct + counts.correct,
      predicted: sum.predicted + counts.predicted,
      gold: sum.gold + counts.gold,
    });
  }
  return [...sums.values()];
}

function requireSameData(base: Run, head: Run): void {
  if (isDeepStrictEqual(base.config.data, head.config.data)) return;
  throw new RangeError(
    `${base.directory} and ${head.directory} must be runs on the same data, but their hashes differ.`,
  );
}

function secondsOf({ directory }: Run): number | undefined {
  return secondsPerStep(runFiles(directory).log);
}

/** The mean of the seeds' ratios. */
function ratioOf(
  pairs: readonly (readonly [base: number | undefined, head: number | undefined])[],
): number | undefined {
  const ratios = pairs.map(([base, head]) => (base === undefined || head === undefined ? NaN : base / head));
  return ratios.some(Number.isNaN) ? undefined : mean(ratios);
}

function mean(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
}
