import type { Document, EntityRelation, Extraction } from "@relatum/datasets";
import { requireLabels } from "@relatum/datasets";
import {
  bestGlobalThreshold,
  bestThreshold,
  bestThresholdsPerRelation,
  type PrecisionRecallF1,
  scoreDocumentRelations,
} from "@relatum/metrics";

import type { PaperExtractor, TuningTools } from "./adapter.ts";
import type { Experiment } from "./experiment.ts";
import { checkStop, takeTurn } from "./stop.ts";

/** Documents per call of an extractor: enough to sort by length, few enough to stop soon. */
const CHUNK_SIZE = 25;

/** Scores of one split. */
export interface SplitScores {
  /** Documents scored. */
  readonly documents: number;
  /** Facts that are right, found, and to be found. */
  readonly counts: { readonly correct: number; readonly predicted: number; readonly gold: number };
  /** In percent, by the names that tables show: `F1`, `Precision`, `Recall`, `Ign F1`, `Intra F1`, `Inter F1`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Scores of a finished run by split. */
export interface RunScores {
  readonly development: SplitScores;
  readonly test?: SplitScores;
}

/** What scoring needs besides documents. */
export interface ScoringOptions {
  readonly trainFacts?: ReadonlySet<string> | undefined;
}

/** What extracting tells and listens to. */
export interface ExtractOptions {
  readonly signal: AbortSignal;
  /** Called with the number of documents done. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Lets a model read documents chunk by chunk.
 *
 * @returns The extraction of each chunk with its documents, in order.
 * @throws {InterruptedError} If the signal fires between chunks.
 */
export async function* extractChunks(
  extractor: Pick<PaperExtractor, "extract">,
  documents: readonly Document[],
  { signal, onProgress }: ExtractOptions,
): AsyncGenerator<{ readonly documents: readonly Document[]; readonly extraction: Extraction }> {
  for (let start = 0; start < documents.length; start += CHUNK_SIZE) {
    await takeTurn();
    checkStop(signal);
    const chunk = documents.slice(start, start + CHUNK_SIZE);
    yield { documents: chunk, extraction: await extractor.extract(chunk) };
    onProgress?.(start + chunk.length);
  }
}

/**
 * Lets a model read documents and joins what it finds.
 *
 * @throws {TypeError} If the model finds spans: scoring those is not here yet.
 */
export async function extractRelations(
  extractor: Pick<PaperExtractor, "extract">,
  documents: readonly Document[],
  options: ExtractOptions,
): Promise<EntityRelation[]> {
  const found: EntityRelation[] = [];
  for await (const { extraction } of extractChunks(extractor, documents, options)) {
    if (extraction.task !== "document") {
      throw new TypeError(`extraction must be of relations between given entities, got task "${extraction.task}".`);
    }
    for (const relation of extraction.relations) found.push(relation);
  }
  return found;
}

/**
 * Scores relations against labelled documents.
 *
 * @throws {RangeError} If a document has no labels.
 */
export function scoreRelations(
  gold: readonly Document[],
  predicted: readonly EntityRelation[],
  { trainFacts }: ScoringOptions,
): SplitScores {
  requireLabels(gold);
  const scores = scoreDocumentRelations(gold, predicted, trainFacts === undefined ? {} : { trainFacts });
  const { correct, predicted: found, gold: labelled } = scores.all;
  const f1 = (name: string, part: PrecisionRecallF1 | undefined): [string, number][] =>
    part === undefined ? [] : [[name, toPercent(part.f1)]];
  const hasEvidence = predicted.some(({ evidence }) => evidence !== undefined);
  return {
    documents: gold.length,
    counts: { correct, predicted: found, gold: labelled },
    metrics: Object.fromEntries([
      ...f1("F1", scores.all),
      ["Precision", toPercent(scores.all.precision)],
      ["Recall", toPercent(scores.all.recall)],
      ...f1("Ign F1", scores.ignoringTrain),
      ...f1("Intra F1", scores.withinSentence),
      ...f1("Inter F1", scores.acrossSentences),
      ...(hasEvidence ? f1("Evidence F1", scores.evidence) : []),
    ]),
  };
}

/** The number by which an experiment chooses its best epoch, 0–1. */
export function selectionScore({ metrics }: SplitScores, selection: Experiment["selection"]): number {
  const name = selection === "ignF1" ? "Ign F1" : "F1";
  const score = metrics[name];
  if (score === undefined) throw new RangeError(`selection must be a score of the data set, got ${selection}.`);
  return score / 100;
}

/** What the runner lends to `PaperAdapter.tune`. */
export const TUNING_TOOLS: TuningTools = {
  f1: (gold, predicted) => scoreDocumentRelations(gold, predicted).all.f1,
  bestThreshold: (gold, scored) => bestThreshold(gold, scored).threshold,
  bestGlobalThreshold: (gold, scored) => bestGlobalThreshold(gold, scored).threshold,
  bestThresholdsPerRelation: (gold, scored) => bestThresholdsPerRelation(gold, scored),
};

function toPercent(share: number): number {
  return Math.round(share * 1e6) / 1e4;
}
