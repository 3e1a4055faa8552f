import type { Document, DocumentExtraction, Extraction, SentenceExtraction } from "@relatum/datasets";
import { requireLabels } from "@relatum/datasets";
import {
  bestGlobalThreshold,
  bestThreshold,
  bestThresholdsPerRelation,
  type PrecisionRecallF1,
  scoreDocumentRelations,
  scoreInferenceRelations,
} from "@relatum/metrics";

import type { PaperAdapter, PaperExtractor, TuningTools } from "./adapter.ts";
import type { Experiment } from "./experiment.ts";
import { measureSentences, type SentenceScoringOptions } from "./sentence-scoring.ts";
import { checkStop, takeTurn } from "./stop.ts";

/** Documents per call of an extractor: enough to sort by length, few enough to stop soon. */
export const CHUNK_SIZE = 25;

/** Scores of one split. */
export interface SplitScores {
  /** Documents scored. */
  readonly documents: number;
  /** Facts that are right, found, and to be found. */
  readonly counts: { readonly correct: number; readonly predicted: number; readonly gold: number };
  /**
   * In percent, by the names that tables show: `F1`, `Precision`, `Recall`, `Ign F1`, `Intra F1`, `Inter F1`, and where
   * facts follow from two others `Infer F1`, `Infer Precision`, `Infer Recall`, once training is done `AUC` and `Ign AUC`; of sentences, `Ent F1`, `Rel F1`,
   * `Rel+ F1`, and the precision and recall of each.
   */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Scores of a finished run by split. */
export interface RunScores {
  readonly development: SplitScores;
  readonly test?: SplitScores;
}

/** What scoring needs besides documents. */
export interface ScoringOptions extends SentenceScoringOptions {
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
 * @param task What the paper's adapter says that its models find.
 * @throws {TypeError} If the model finds something else.
 */
export async function extractAll(
  extractor: Pick<PaperExtractor, "extract">,
  documents: readonly Document[],
  task: PaperAdapter["task"],
  options: ExtractOptions,
): Promise<Extraction> {
  const found: Extraction[] = [];
  for await (const { extraction } of extractChunks(extractor, documents, options)) {
    if (extraction.task !== task) {
      throw new TypeError(`extraction must be of the adapter's task "${task}", got "${extraction.task}".`);
    }
    found.push(extraction);
  }
  if (task === "document") {
    return { task, relations: (found as DocumentExtraction[]).flatMap(({ relations }) => relations) };
  }
  const parts = found as SentenceExtraction[];
  return {
    task,
    spans: parts.flatMap(({ spans }) => spans),
    relations: parts.flatMap(({ relations }) => relations),
  };
}

/**
 * Scores what a model has found against labelled documents.
 *
 * @throws {RangeError} If a document has no labels.
 */
export function scoreExtraction(
  gold: readonly Document[],
  found: Extraction,
  options: ScoringOptions = {},
): SplitScores {
  requireLabels(gold);
  if (found.task === "document") return scoreRelations(gold, found, options);
  const { counts, shares } = measureSentences(gold, found, options);
  const metrics = Object.fromEntries(shares.map(([name, share]) => [name, toPercent(share)]));
  return { documents: gold.length, counts, metrics };
}

/** The name of the score that stands for a task in tables and intervals. */
export const MAIN_METRIC: Readonly<Record<PaperAdapter["task"], string>> = { document: "F1", sentence: "Rel F1" };

/**
 * The number by which the best epoch is chosen, 0–1.
 *
 * @param by `entities` for a model that finds no relations yet, whatever the experiment selects.
 * @throws {RangeError} If the data set or the model has no such score.
 */
export function selectionScore(
  { metrics }: SplitScores,
  selection: Experiment["selection"],
  by: "relations" | "entities" = "relations",
): number {
  const names = by === "entities" ? ["Ent F1"] : SELECTIONS[selection];
  const score = names.map((name) => metrics[name]).find((value) => value !== undefined);
  if (score !== undefined) return score / 100;
  const asked = by === "entities" ? by : selection;
  throw new RangeError(`selection must be a score of the data set and the model, got ${asked}.`);
}

/** What each selection is called in the scores, of documents or of sentences. */
const SELECTIONS: Readonly<Record<Experiment["selection"], readonly string[]>> = {
  f1: [MAIN_METRIC.document, MAIN_METRIC.sentence],
  ignF1: ["Ign F1"],
  strictF1: ["Rel+ F1"],
};

/** What the runner lends to `PaperAdapter.tune`. */
export const TUNING_TOOLS: TuningTools = {
  f1: (gold, predicted) => scoreDocumentRelations(gold, predicted).all.f1,
  bestThreshold: (gold, scored) => bestThreshold(gold, scored).threshold,
  bestGlobalThreshold: (gold, scored) => bestGlobalThreshold(gold, scored).threshold,
  bestThresholdsPerRelation: (gold, scored) => bestThresholdsPerRelation(gold, scored),
};

/** A share in percent, with four digits. */
export function toPercent(share: number): number {
  return Math.round(share * 1e6) / 1e4;
}

function scoreRelations(
  gold: readonly Document[],
  { relations: found }: DocumentExtraction,
  { trainFacts }: ScoringOptions,
): SplitScores {
  const scores = scoreDocumentRelations(gold, found, trainFacts === undefined ? {} : { trainFacts });
  const { correct, predicted, gold: labelled } = scores.all;
  const f1 = (name: string, part: PrecisionRecallF1 | undefined): [string, number][] =>
    part === undefined ? [] : [[name, toPercent(part.f1)]];
  const inferred = scoreInferenceRelations(gold, found);
  const hasEvidence = found.some(({ evidence }) => evidence !== undefined);
  return {
    documents: gold.length,
    counts: { correct, predicted, gold: labelled },
    metrics: Object.fromEntries([
      ...f1("F1", scores.all),
      ["Precision", toPercent(scores.all.precision)],
      ["Recall", toPercent(scores.all.recall)],
      ...f1("Ign F1", scores.ignoringTrain),
      ...f1("Intra F1", scores.withinSentence),
      ...f1("Inter F1", scores.acrossSentences),
      ...(inferred.gold > 0
        ? [
            ...f1("Infer F1", inferred),
            ["Infer Precision", toPercent(inferred.precision)],
            ["Infer Recall", toPercent(inferred.recall)],
          ]
        : []),
      ...(hasEvidence ? f1("Evidence F1", scores.evidence) : []),
    ]),
  };
}
