import {
  bootstrapDifference,
  bootstrapInterval,
  type ConfidenceInterval,
  countsByDocument,
  type DocumentCounts,
  type PairedTest,
  randomizationTest,
  sentenceCountsByDocument,
} from "@relatum/metrics";
import { createRandom } from "@relatum/tensor-utils";

import { type PageRun, type Setting, type Split, SPLITS } from "./settings.ts";

/** Two settings compared on the same documents; values in percentage points. */
export interface Comparison {
  readonly first: Setting;
  readonly second: Setting;
  readonly split: Split;
  /** Seeds of each that were counted. */
  readonly seeds: number;
  /** F1 of the first less that of the second, over the seeds together. */
  readonly difference: number;
  readonly interval: ConfidenceInterval;
  /** 0–1. */
  readonly pValue: number;
}

/**
 * Where the F1 of a setting lies with 95 % confidence, in percent: a bootstrap over documents, its seeds together.
 *
 * @returns Nothing where the documents or the predictions are not there.
 */
export function intervalOf(setting: Setting, split: Split): ConfidenceInterval | undefined {
  const counts = pooledCounts(setting, split, seedsOf(setting));
  if (counts === undefined) return undefined;
  // Always the same draws: the interval is a property of the predictions.
  return toPoints(bootstrapInterval(counts, { random: createRandom(0) }));
}

/** Tests those pairs of settings that were scored on the same documents, over the seeds that both have. */
export function comparePairs(pairs: readonly (readonly [Setting, Setting])[]): Comparison[] {
  return pairs.flatMap(([first, second]) => SPLITS.flatMap((split) => compare(first, second, split)));
}

function compare(first: Setting, second: Setting, split: Split): Comparison[] {
  if (first.task !== second.task || fingerprintOf(first, split) !== fingerprintOf(second, split)) return [];
  const seeds = seedsOf(first).filter((seed) => seedsOf(second).includes(seed));
  const one = pooledCounts(first, split, seeds);
  const other = pooledCounts(second, split, seeds);
  if (one === undefined || other === undefined) return [];
  const { difference, pValue }: PairedTest = randomizationTest(one, other, { random: createRandom(0) });
  const interval = toPoints(bootstrapDifference(one, other, { random: createRandom(0) }));
  return [{ first, second, split, seeds: seeds.length, difference: 100 * difference, interval, pValue }];
}

function fingerprintOf({ runs }: Setting, split: Split): string | undefined {
  return runs[0]?.config.data[split];
}

function seedsOf({ runs }: Setting): number[] {
  return runs.map(({ config }) => config.seed);
}

/** The counts of each document summed over some seeds; nothing of none. */
function pooledCounts(setting: Setting, split: Split, seeds: readonly number[]): DocumentCounts[] | undefined {
  const runs = setting.runs.filter(({ config }) => seeds.includes(config.seed));
  const all = runs.map((run) => countsOf(setting, run, split));
  const [first, ...others] = all;
  if (first === undefined || others.includes(undefined)) return undefined;
  const totals = new Map(first.map((counts) => [counts.documentId, { ...counts }]));
  for (const { documentId, correct, predicted, gold } of others.flatMap((counts) => counts ?? [])) {
    const total = totals.get(documentId) ?? { documentId, correct: 0, predicted: 0, gold: 0 };
    totals.set(documentId, {
      documentId,
      correct: total.correct + correct,
      predicted: total.predicted + predicted,
      gold: total.gold + gold,
    });
  }
  return [...totals.values()];
}

function countsOf({ gold }: Setting, run: PageRun, split: Split): DocumentCounts[] | undefined {
  const found = run.predictions[split];
  const documents = typeof gold === "string" ? undefined : gold[split];
  if (found === undefined || documents === undefined || !documents.every(({ labelled }) => labelled)) return undefined;
  return found.task === "document"
    ? countsByDocument(documents, found.relations)
    : sentenceCountsByDocument(documents, found, "relations");
}

function toPoints({ low, high }: ConfidenceInterval): ConfidenceInterval {
  return { low: 100 * low, high: 100 * high };
}
