import type { Document, EntityRelation } from "@relatum/datasets";

import { type Counts, precisionRecallF1 } from "./counts.ts";
import { collectGoldFacts, findFact, keepOnePerFact } from "./gold-facts.ts";

/** Something that draws whole numbers from 0 to below a bound, such as a `Random` of `@relatum/tensor-utils`. */
export interface IntegerSource {
  integer(below: number): number;
}

/** The counts of one document. */
export interface DocumentCounts extends Counts {
  readonly documentId: string;
}

/** Between which values a score probably lies. */
export interface ConfidenceInterval {
  readonly low: number;
  readonly high: number;
}

/** How one system compares with another on the same documents. */
export interface PairedTest {
  /** F1 of the first less F1 of the second. */
  readonly difference: number;
  /** Probability of a difference at least this large, either way, were the systems equally good. */
  readonly pValue: number;
}

/** How {@link bootstrapInterval} and {@link bootstrapDifference} draw. */
export interface BootstrapOptions {
  readonly random: IntegerSource;
  /** Sets of documents to draw; 1,000 without it. */
  readonly samples?: number;
  /** Share of the drawn scores that the interval holds, between 0 and 1; 0.95 without it. */
  readonly confidence?: number;
}

/**
 * Counts right, found and true relations by document, as {@link scoreDocumentRelations} does for all together.
 *
 * @returns An entry for each gold document, then one for each unknown document that has predictions.
 * @throws {TypeError} If a gold document has no labels.
 */
export function countsByDocument(gold: readonly Document[], predicted: readonly EntityRelation[]): DocumentCounts[] {
  const facts = collectGoldFacts(gold);
  const counts = new Map<string, { correct: number; predicted: number; gold: number }>();
  for (const [id, document] of facts.documents) counts.set(id, { correct: 0, predicted: 0, gold: document.facts.size });
  for (const relation of keepOnePerFact(predicted, "first")) {
    const found = counts.get(relation.documentId) ?? { correct: 0, predicted: 0, gold: 0 };
    found.predicted += 1;
    if (findFact(facts, relation) !== undefined) found.correct += 1;
    counts.set(relation.documentId, found);
  }
  return [...counts].map(([documentId, found]) => ({ documentId, ...found }));
}

/**
 * Percentile bootstrap of micro F1: scores of sets of documents drawn with replacement.
 *
 * @throws {RangeError} If there is no document, or an option is impossible.
 */
export function bootstrapInterval(documents: readonly DocumentCounts[], options: BootstrapOptions): ConfidenceInterval {
  return interval(documents.length, options, (drawn) => f1Of(documents, drawn));
}

/**
 * Percentile bootstrap of the difference in micro F1 between two systems, on the same drawn documents for both.
 *
 * An interval without 0 in it says that the first is better (above) or worse (below).
 *
 * @throws {RangeError} If the two were not counted on the same gold, there is no document, or an option is impossible.
 */
export function bootstrapDifference(
  first: readonly DocumentCounts[],
  second: readonly DocumentCounts[],
  options: BootstrapOptions,
): ConfidenceInterval {
  const pairs = pairDocuments(first, second);
  const firsts = pairs.map(([one]) => one);
  const seconds = pairs.map(([, other]) => other);
  return interval(pairs.length, options, (drawn) => f1Of(firsts, drawn) - f1Of(seconds, drawn));
}

/**
 * Tests whether two systems differ in micro F1, by approximate randomization over documents.
 *
 * In each round, each document's counts change sides with probability one half; the p-value is the share of rounds
 * whose difference is at least as large as the true one, the true one counted among them.
 *
 * @param options.rounds Rounds; 10,000 without it.
 * @throws {RangeError} If the two were not counted on the same gold, there is no document, or an option is impossible.
 */
export function randomizationTest(
  first: readonly DocumentCounts[],
  second: readonly DocumentCounts[],
  { random, rounds = 10_000 }: { readonly random: IntegerSource; readonly rounds?: number },
): PairedTest {
  checkCount("rounds", rounds);
  const pairs = pairDocuments(first, second);
  const differenceWith = (swaps: () => boolean): number => {
    const one = { correct: 0, predicted: 0, gold: 0 };
    const other = { correct: 0, predicted: 0, gold: 0 };
    for (const [left, right] of pairs) {
      const swapped = swaps();
      add(one, swapped ? right : left);
      add(other, swapped ? left : right);
    }
    return precisionRecallF1(one).f1 - precisionRecallF1(other).f1;
  };
  const difference = differenceWith(() => false);
  let atLeastAsLarge = 1;
  for (let round = 0; round < rounds; round += 1) {
    const drawn = differenceWith(() => random.integer(2) === 1);
    if (Math.abs(drawn) >= Math.abs(difference)) atLeastAsLarge += 1;
  }
  return { difference, pValue: atLeastAsLarge / (rounds + 1) };
}

/** Brings the documents of two systems together; a document that one lacks is empty there. */
function pairDocuments(
  first: readonly DocumentCounts[],
  second: readonly DocumentCounts[],
): [one: DocumentCounts, other: DocumentCounts][] {
  const empty = (documentId: string): DocumentCounts => ({ documentId, correct: 0, predicted: 0, gold: 0 });
  const firstById = new Map(first.map((counts) => [counts.documentId, counts]));
  const secondById = new Map(second.map((counts) => [counts.documentId, counts]));
  const pairs = [...new Set([...firstById.keys(), ...secondById.keys()])].map(
    (id): [DocumentCounts, DocumentCounts] => [firstById.get(id) ?? empty(id), secondById.get(id) ?? empty(id)],
  );
  for (const [one, other] of pairs) {
    if (one.gold === other.gold) continue;
    throw new RangeError(
      `Both systems must be counted on the same gold, got ${one.gold} and ${other.gold} facts for "${one.documentId}".`,
    );
  }
  if (pairs.length === 0) throw new RangeError("documents must not be empty, got none.");
  return pairs;
}

function interval(
  documentCount: number,
  { random, samples = 1000, confidence = 0.95 }: BootstrapOptions,
  scoreOf: (drawn: Uint32Array) => number,
): ConfidenceInterval {
  if (documentCount === 0) throw new RangeError("documents must not be empty, got none.");
  checkCount("samples", samples);
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`confidence must lie between 0 and 1, got ${confidence}.`);
  }
  const scores = new Float64Array(samples);
  const drawn = new Uint32Array(documentCount);
  for (let sample = 0; sample < samples; sample += 1) {
    for (let index = 0; index < documentCount; index += 1) drawn[index] = random.integer(documentCount);
    scores[sample] = scoreOf(drawn);
  }
  scores.sort();
  return { low: quantile(scores, (1 - confidence) / 2), high: quantile(scores, (1 + confidence) / 2) };
}

function f1Of(documents: readonly DocumentCounts[], drawn: Uint32Array): number {
  const total = { correct: 0, predicted: 0, gold: 0 };
  for (const index of drawn) {
    const counts = documents[index];
    if (counts !== undefined) add(total, counts);
  }
  return precisionRecallF1(total).f1;
}

function add(total: { -readonly [Name in keyof Counts]: number }, counts: Counts): void {
  total.correct += counts.correct;
  total.predicted += counts.predicted;
  total.gold += counts.gold;
}

/** The value below which a share of the ascending values lies, between neighbours on a straight line. */
function quantile(ascending: Float64Array, share: number): number {
  const position = share * (ascending.length - 1);
  const below = ascending[Math.floor(position)] ?? 0;
  const above = ascending[Math.ceil(position)] ?? 0;
  return below + (above - below) * (position - Math.floor(position));
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a positive integer, got ${value}.`);
}
