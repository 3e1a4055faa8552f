import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

import type { Document, EntityRelation } from "@relatum/datasets";
import { precisionRecallCurve } from "@relatum/metrics";
import { z } from "zod";

import type { PaperAdapter, PaperExtractor } from "./adapter.ts";
import { RunDirectoryError, runFiles } from "./run-directory.ts";
import { CHUNK_SIZE, type ExtractOptions, type RunScores, type SplitScores, toPercent } from "./scoring.ts";
import { checkStop, takeTurn } from "./stop.ts";
import type { Terminal } from "./terminal.ts";

/** Points that a curve is thinned to. */
const MOST_POINTS = 500;

/** Precision against recall over all that a model scores, in percent. */
export interface ScoredCurve {
  /** Area under the curve before it was thinned (AUC). */
  readonly area: number;
  /** The area where facts known from training do not count in precision (Ign AUC). */
  readonly ignoringTrainArea?: number | undefined;
  /** From the surest relation on; recall never falls. At most 500, evenly along recall. */
  readonly points: readonly (readonly [recall: number, precision: number])[];
}

/** The curves of a run by split, the content of its `curves.json`. */
export interface RunCurves {
  readonly development?: ScoredCurve | undefined;
  readonly test?: ScoredCurve | undefined;
}

const scoredCurve = z.object({
  area: z.number(),
  ignoringTrainArea: z.number().optional(),
  points: z.array(z.tuple([z.number(), z.number()])),
});
const runCurves = z.object({ development: scoredCurve.optional(), test: scoredCurve.optional() });

/** The part of an adapter that curves are drawn from. */
export type RelationScorer = Required<Pick<PaperAdapter, "scoreAll">>["scoreAll"];

/** What a run's curves are drawn from. */
export interface CurveSource {
  readonly development: readonly Document[];
  readonly test?: readonly Document[] | undefined;
  readonly trainFacts?: ReadonlySet<string> | undefined;
  /** What is scored has a curve. */
  readonly scores: RunScores;
  readonly signal: AbortSignal;
  readonly terminal: Pick<Terminal, "clear" | "status">;
}

/**
 * Draws the curves of the splits that a run was scored on.
 *
 * @throws {InterruptedError} If the signal fires.
 */
export async function drawRunCurves(
  scoreAll: RelationScorer,
  extractor: PaperExtractor,
  { development, test, trainFacts, scores, signal, terminal }: CurveSource,
): Promise<RunCurves> {
  const draw = async (split: "development" | "test", documents: readonly Document[]): Promise<RunCurves> => {
    if (scores[split] === undefined) return {};
    const onProgress = (done: number): void =>
      terminal.status(`Scoring all pairs of ${split} documents: ${done}/${documents.length}`);
    const curve = await drawCurve(scoreAll, extractor, documents, { trainFacts, signal, onProgress });
    return curve === undefined ? {} : { [split]: curve };
  };
  const curves = { ...(await draw("development", development)), ...(await draw("test", test ?? [])) };
  terminal.clear();
  return curves;
}

/** Scores of a run with the areas of its curves. */
export function withAreas(scores: RunScores, curves: RunCurves): RunScores {
  const add = (split: SplitScores, curve: ScoredCurve | undefined): SplitScores => {
    return { ...split, metrics: { ...split.metrics, ...curveMetrics(curve) } };
  };
  return {
    development: add(scores.development, curves.development),
    ...(scores.test && { test: add(scores.test, curves.test) }),
  };
}

/**
 * Lets a model score all pairs of the documents and draws the curve.
 *
 * @returns Nothing where the model scores nothing.
 * @throws {InterruptedError} If the signal fires between chunks.
 */
export async function drawCurve(
  scoreAll: RelationScorer,
  extractor: PaperExtractor,
  documents: readonly Document[],
  { trainFacts, signal, onProgress }: ExtractOptions & Pick<CurveSource, "trainFacts">,
): Promise<ScoredCurve | undefined> {
  const scored: EntityRelation[] = [];
  for (let start = 0; start < documents.length; start += CHUNK_SIZE) {
    await takeTurn();
    checkStop(signal);
    const chunk = documents.slice(start, start + CHUNK_SIZE);
    for (const relation of await scoreAll(extractor, chunk)) scored.push(relation);
    onProgress?.(start + chunk.length);
  }
  return scored.length === 0 ? undefined : curveOf(documents, scored, trainFacts);
}

/** The curve of scored relations; there must be one. */
export function curveOf(
  gold: readonly Document[],
  scored: readonly EntityRelation[],
  trainFacts: ReadonlySet<string> | undefined,
): ScoredCurve {
  const options = trainFacts === undefined ? {} : { trainFacts };
  const { recalls, precisions, area, ignoringTrain } = precisionRecallCurve(gold, scored, options);
  return {
    area: toPercent(area),
    ...(ignoringTrain && { ignoringTrainArea: toPercent(ignoringTrain.area) }),
    points: thinAlong(recalls).map((index) => [toPoints(recalls[index]), toPoints(precisions[index])]),
  };
}

/** The scores that a curve adds to the others: `AUC`, `Ign AUC`. */
export function curveMetrics(curve: ScoredCurve | undefined): Readonly<Record<string, number>> {
  if (curve === undefined) return {};
  const { area, ignoringTrainArea } = curve;
  return { AUC: area, ...(ignoringTrainArea !== undefined && { "Ign AUC": ignoringTrainArea }) };
}

/**
 * Reads the curves of a run; none of a run from before there were any.
 *
 * @throws {RunDirectoryError} If the file holds something else.
 */
export async function readRunCurves(directory: string): Promise<RunCurves> {
  const { curves } = runFiles(directory);
  if (!existsSync(curves)) return {};
  try {
    return runCurves.parse(JSON.parse(await readFile(curves, "utf8")));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new RunDirectoryError(`${curves} must hold a run's curves: ${problem}`, { cause });
  }
}

/** Indices evenly along ascending recalls, the first and the last among them. */
function thinAlong(recalls: ArrayLike<number>): number[] {
  const last = recalls.length - 1;
  if (last < MOST_POINTS) return Array.from({ length: last + 1 }, (_, index) => index);
  const step = (recalls[last] ?? 0) / (MOST_POINTS - 2);
  const kept = [0];
  let next = (recalls[0] ?? 0) + step;
  for (let index = 1; index < last && step > 0; index += 1) {
    const recall = recalls[index] ?? 0;
    if (recall < next) continue;
    kept.push(index);
    while (next <= recall) next += step;
  }
  return [...kept, last];
}

function toPoints(share: number | undefined): number {
  return Math.round(1e4 * (share ?? 0)) / 100;
}
