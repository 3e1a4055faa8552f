import type { Document } from "@relatum/datasets";

import { type Counts, type PrecisionRecallF1, precisionRecallF1 } from "./counts.ts";
import {
  type FoundInSentences,
  type LabelCounts,
  type SentenceScoreOptions,
  type SentenceTally,
  tallySentences,
} from "./sentence-relations-tally.ts";
import type { DocumentCounts } from "./significance.ts";

/** Scores of spans and of relations between them, over all documents together (micro-averaged). */
export interface SentenceScores {
  /** Ent: place and type are right. */
  readonly entities: PrecisionRecallF1;
  /** Rel: the places of head and tail, and the relation, are right. */
  readonly relations: PrecisionRecallF1;
  /** Rel+: as Rel, and the types of head and tail are right too. */
  readonly strictRelations: PrecisionRecallF1;
}

/** The scores of spans and relations by label. */
export interface SentenceLabelScores {
  /** Ent by entity type. */
  readonly entities: ReadonlyMap<string, PrecisionRecallF1>;
  /** Rel by relation name. */
  readonly relations: ReadonlyMap<string, PrecisionRecallF1>;
  /** Rel+ by relation name. */
  readonly strictRelations: ReadonlyMap<string, PrecisionRecallF1>;
}

/**
 * Scores spans and relations between them as PURE's paper defines it, or as its authors' script counts.
 *
 * Of predictions that say the same, the first counts. Predictions for unknown documents are wrong, and count in precision.
 * Found relations carry no types of their own unless `headType` and `tailType` are given: then a type found on the span
 * must be right. Rel+ has the same numbers of predicted and gold relations as Rel.
 *
 * @param gold Documents whose entities have one mention each, such as SciERC's or those of `sentenceDocuments`.
 * @param found What an extractor finds; its scores are not read.
 * @throws {TypeError} If a gold document has no labels, or an entity of several mentions.
 * @throws {RangeError} If symmetric relations are given to the convention `pure`, which knows none.
 */
export function scoreSentenceRelations(
  gold: readonly Document[],
  found: FoundInSentences,
  options: SentenceScoreOptions = {},
): SentenceScores {
  const tallies = tallySentences(gold, found, options);
  const score = (level: keyof SentenceScores): PrecisionRecallF1 => precisionRecallF1(sumOf(tallies, level));
  return {
    entities: score("entities"),
    relations: score("relations"),
    strictRelations: score("strictRelations"),
  };
}

/**
 * Scores each entity type and each relation by itself, those with most gold labels first.
 *
 * @returns Scores of each label that is in the gold or was predicted.
 * @throws {TypeError} If a gold document has no labels, or an entity of several mentions.
 * @throws {RangeError} If symmetric relations are given to the convention `pure`, which knows none.
 */
export function scoreSentenceLabels(
  gold: readonly Document[],
  found: FoundInSentences,
  options: SentenceScoreOptions = {},
): SentenceLabelScores {
  const tallies = tallySentences(gold, found, options);
  return {
    entities: byLabel(tallies, "entities"),
    relations: byLabel(tallies, "relations"),
    strictRelations: byLabel(tallies, "strictRelations"),
  };
}

/**
 * Counts right, found and true spans or relations by document, for confidence intervals and tests.
 *
 * @param level Which of the three scores.
 * @returns An entry for each gold document, then one for each unknown document that has predictions.
 * @throws {TypeError} If a gold document has no labels, or an entity of several mentions.
 * @throws {RangeError} If symmetric relations are given to the convention `pure`, which knows none.
 */
export function sentenceCountsByDocument(
  gold: readonly Document[],
  found: FoundInSentences,
  level: keyof SentenceScores,
  options: SentenceScoreOptions = {},
): DocumentCounts[] {
  return tallySentences(gold, found, options).map((tally) => ({
    documentId: tally.documentId,
    ...sumOf([tally], level),
  }));
}

function sumOf(tallies: readonly SentenceTally[], level: keyof SentenceScores): Counts {
  const total = { correct: 0, predicted: 0, gold: 0 };
  for (const tally of tallies) {
    for (const counts of tally[level].values()) add(total, counts);
  }
  return total;
}

function byLabel(
  tallies: readonly SentenceTally[],
  level: keyof SentenceScores,
): ReadonlyMap<string, PrecisionRecallF1> {
  const totals = new Map<string, { correct: number; predicted: number; gold: number }>();
  for (const [label, counts] of tallies.flatMap((tally): [string, Counts][] => [
    ...(tally[level] satisfies LabelCounts),
  ])) {
    const total = totals.get(label) ?? { correct: 0, predicted: 0, gold: 0 };
    add(total, counts);
    totals.set(label, total);
  }
  const ordered = [...totals].toSorted(
    ([firstName, first], [secondName, second]) => second.gold - first.gold || (firstName < secondName ? -1 : 1),
  );
  return new Map(ordered.map(([label, total]) => [label, precisionRecallF1(total)]));
}

function add(total: { correct: number; predicted: number; gold: number }, counts: Counts): void {
  total.correct += counts.correct;
  total.predicted += counts.predicted;
  total.gold += counts.gold;
}
