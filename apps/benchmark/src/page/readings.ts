import { existsSync } from "node:fs";

import type { Document, EntityPair, Extraction } from "@relatum/datasets";

import type { PairExplanation, PaperAdapter, PaperExtractor } from "../adapter.ts";
import { runFiles } from "../run-directory.ts";
import { checkStop, takeTurn } from "../stop.ts";
import { readDocument, type ReaderDocument, type ReaderRun, relatedPairs, withExplanations } from "./reader-data.ts";
import type { Setting } from "./settings.ts";
import { isWholeModel } from "./whole-models.ts";

/** Documents of the sample world that stand on the page without being asked for, for each model that is no variant. */
const SAMPLE_DOCUMENTS = 8;

/** What goes into the reader. */
export interface ReadingOptions {
  /** Documents of each setting; without it, some of the sample world for whole models, and no others. */
  readonly documents?: number | undefined;
  readonly signal: AbortSignal;
  /** Chooses the engine; called before the first model is loaded. */
  readonly startEngine: () => Promise<unknown>;
  readonly onProgress: (text: string) => void;
}

/**
 * Takes documents with the predictions of the first seed of each setting, and lets the models say what they go by.
 *
 * Data sets may not be passed on: their documents are taken only where the user asks for some.
 *
 * @throws {InterruptedError} If the signal fires.
 */
export async function collectReadings(settings: readonly Setting[], options: ReadingOptions): Promise<ReaderRun[]> {
  const readings: ReaderRun[] = [];
  for (const setting of settings) {
    const documents =
      options.documents ?? (isInvented(setting) && isWholeModel(setting, settings) ? SAMPLE_DOCUMENTS : 0);
    const reading = await collectReading(setting, { ...options, documents });
    if (reading !== undefined) readings.push(reading);
  }
  return readings;
}

async function collectReading(
  setting: Setting,
  options: ReadingOptions & { readonly documents: number },
): Promise<ReaderRun | undefined> {
  const { label, dataset, gold, runs } = setting;
  const [run] = runs;
  if (run === undefined || typeof gold === "string") return undefined;
  const split = gold.test !== undefined && run.predictions.test !== undefined ? "test" : "development";
  const found = run.predictions[split];
  const documents = (gold[split] ?? []).slice(0, options.documents);
  if (found === undefined || documents.length === 0) return undefined;
  const read = await explainAll(setting, documents, found, options);
  return { label: `${label} · ${dataset} ${split} · seed ${run.config.seed}`, documents: read };
}

/** Whether documents are invented, so that anybody may have them. */
function isInvented({ runs }: Setting): boolean {
  const data = runs[0]?.config.experiment.data ?? {};
  return "dataset" in data && data.dataset === "sample-world";
}

async function explainAll(
  { adapter, label, runs }: Setting,
  documents: readonly Document[],
  found: Extraction,
  options: ReadingOptions,
): Promise<ReaderDocument[]> {
  const read = documents.map((document) => readDocument(document, found));
  const model = runFiles(runs[0]?.directory ?? "").model;
  if (adapter?.explain === undefined || !existsSync(model)) return read;
  await options.startEngine();
  const extractor = await adapter.load(model);
  try {
    const explained: ReaderDocument[] = [];
    for (const [index, document] of documents.entries()) {
      await takeTurn();
      checkStop(options.signal);
      options.onProgress(`${label}: explaining document ${index + 1} of ${documents.length}`);
      explained.push(await explainDocument(adapter, extractor, document, read[index] as ReaderDocument));
    }
    return explained;
  } finally {
    extractor.dispose();
  }
}

async function explainDocument(
  adapter: PaperAdapter,
  extractor: PaperExtractor,
  document: Document,
  read: ReaderDocument,
): Promise<ReaderDocument> {
  const explanations: (readonly [EntityPair, PairExplanation])[] = [];
  for (const pair of relatedPairs(read)) {
    const explanation = await adapter.explain?.(extractor, document, pair);
    if (explanation !== undefined) explanations.push([pair, explanation]);
  }
  return withExplanations(read, explanations);
}
