import type { Document } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";

import type { PureConfig } from "./config.ts";
import type { PureExtractor } from "./extractor.ts";
import { pruneDocuments } from "./pruning.ts";
import { type LabelledSpan, labelledSpans, spanKey } from "./spans.ts";
import { trainPureEntities, type TrainPureEntitiesOptions } from "./train-entities.ts";

/** Parts that jack-knifing divides the documents into. */
const FOLDS = 10;

/** What {@link jackKnifeSpans} needs besides documents. */
export interface JackKnifeOptions extends Omit<TrainPureEntitiesOptions, "backbone" | "evaluate"> {
  /** Gives each fold's model an encoder of its own. */
  readonly loadBackbone: () => Promise<Backbone>;
}

/**
 * Predicts the entities of training documents, each by a model that was trained without it.
 *
 * Every tenth document is of one fold. Each fold has its checkpoints in a folder of its own.
 *
 * @returns By document and sentence.
 * @throws {RangeError} If there are fewer than two documents.
 */
export async function jackKnifeSpans(
  documents: readonly Document[],
  { loadBackbone, ...options }: JackKnifeOptions,
): Promise<LabelledSpan[][][]> {
  if (documents.length < 2)
    throw new RangeError(`documents must be two or more to jack-knife, got ${documents.length}.`);
  const found: LabelledSpan[][][] = documents.map(() => []);
  const folds = Math.min(FOLDS, documents.length);
  for (let fold = 0; fold < folds; fold += 1) {
    const { checkpoint } = options;
    const { extractor } = await trainPureEntities(
      documents.filter((_, index) => index % folds !== fold),
      {
        ...options,
        backbone: await loadBackbone(),
        ...(checkpoint && { checkpoint: { ...checkpoint, directory: `${checkpoint.directory}/fold-${fold + 1}` } }),
      },
    );
    try {
      const numbers = [...documents.keys()].filter((index) => index % folds === fold);
      const spans = await extractor.scoreSpans(numbers.map((number) => documents[number] as Document));
      for (const [index, number] of numbers.entries()) {
        found[number] = (spans[index] ?? []).map((bySentence) => bySentence.filter(({ label }) => label > 0));
      }
    } finally {
      extractor.dispose();
    }
  }
  return found;
}

/**
 * Keeps the spans of training documents that an entity model thinks likeliest, with their true types.
 *
 * @returns By document and sentence; label 0 where a span is no entity.
 */
export async function prunedTrainingSpans(
  documents: readonly Document[],
  extractor: PureExtractor,
  config: PureConfig,
): Promise<LabelledSpan[][][]> {
  const kept = pruneDocuments(documents, await extractor.scoreSpans(documents), config);
  return documents.map((document, index) => {
    const labelled = labelledSpans(document, config.entityTypes);
    return (kept[index] ?? []).map((spans, sentence) => {
      const labels = new Map(labelled[sentence]?.map((span) => [spanKey(span), span.label]));
      return spans.map((span) => ({ start: span.start, end: span.end, label: labels.get(spanKey(span)) ?? 0 }));
    });
  });
}
