import type { Document, EntityPair, EntityRelation } from "@relatum/datasets";

import { type Counts, type PrecisionRecallF1, precisionRecallF1 } from "./counts.ts";
import { type DocumentScores, type ScoreOptions, scoreDocumentRelations } from "./document-relations.ts";
import { collectGoldFacts, findFact, keepOnePerFact } from "./gold-facts.ts";

/** The scores of the documents whose number of entities lies in a range. */
export interface EntityCountScores {
  /** Fewest entities. */
  readonly from: number;
  /** Most entities; infinite in the last range. */
  readonly to: number;
  /** Documents in the range. */
  readonly documentCount: number;
  readonly scores: DocumentScores;
}

/** The last counts of the ranges of ATLOP's figure 4: 1–5, 6–10, …, 31–35. */
const FIGURE_EDGES = [5, 10, 15, 20, 25, 30, 35];

/**
 * Scores documents by how many entities they have, as in figure 4 of the ATLOP paper.
 *
 * Predictions for unknown documents belong to no range.
 *
 * @param edges The highest count of each range, ascending; a last range takes what lies above.
 * @returns A range each, also where no document lies in it.
 * @throws {RangeError} If the edges do not ascend.
 * @throws {TypeError} If a gold document has no labels.
 */
export function scoreByEntityCount(
  gold: readonly Document[],
  predicted: readonly EntityRelation[],
  edges: readonly number[] = FIGURE_EDGES,
  options: ScoreOptions = {},
): EntityCountScores[] {
  if (edges.some((edge, index) => edge <= (edges[index - 1] ?? 0))) {
    throw new RangeError(`edges must ascend from above 0, got ${edges.join(", ")}.`);
  }
  return [...edges, Infinity].map((to, index) => {
    const from = (edges[index - 1] ?? 0) + 1;
    const documents = gold.filter(({ entities }) => entities.length >= from && entities.length <= to);
    const ids = new Set(documents.map(({ id }) => id));
    const found = predicted.filter(({ documentId }) => ids.has(documentId));
    return { from, to, documentCount: documents.length, scores: scoreDocumentRelations(documents, found, options) };
  });
}

/**
 * Scores each relation by itself, those with most gold facts first.
 *
 * @returns Scores by name of each relation that is in the gold or was predicted.
 * @throws {TypeError} If a gold document has no labels.
 */
export function scoreByRelation(
  gold: readonly Document[],
  predicted: readonly EntityRelation[],
): ReadonlyMap<string, PrecisionRecallF1> {
  const facts = collectGoldFacts(gold);
  const counts = new Map<string, { -readonly [Name in keyof Counts]: number }>();
  const countsOf = (relation: string): { -readonly [Name in keyof Counts]: number } => {
    const known = counts.get(relation) ?? { correct: 0, predicted: 0, gold: 0 };
    counts.set(relation, known);
    return known;
  };
  for (const document of facts.documents.values()) {
    for (const { relation } of document.facts.values()) countsOf(relation).gold += 1;
  }
  for (const found of keepOnePerFact(predicted, "first")) {
    countsOf(found.relation).predicted += 1;
    if (findFact(facts, found) !== undefined) countsOf(found.relation).correct += 1;
  }
  const ordered = [...counts].toSorted(
    ([firstName, first], [secondName, second]) => second.gold - first.gold || (firstName < secondName ? -1 : 1),
  );
  return new Map(ordered.map(([relation, found]) => [relation, precisionRecallF1(found)]));
}

/**
 * Scores candidate pairs alone, as ATLOP does on CDR and GDA: whatever lies outside them is neither gold nor found.
 *
 * Differs from `all` of {@link scoreDocumentRelations} only where gold or predictions have other pairs. The authors'
 * script adds 1e-5 to its denominators, which takes at most 0.001 points off F1; this does not.
 * A document without candidates counts with every pair.
 *
 * @throws {TypeError} If a gold document has no labels.
 */
export function scoreCandidatePairs(
  gold: readonly Document[],
  predicted: readonly EntityRelation[],
): PrecisionRecallF1 {
  const pairs = new Map(gold.map(({ id, candidatePairs }) => [id, candidatePairs && toKeys(candidatePairs)]));
  const isCandidate = (id: string, head: number, tail: number): boolean =>
    pairs.has(id) && (pairs.get(id)?.has(`${head} ${tail}`) ?? true);
  const limited = gold.map((document): Document => {
    const relations = document.relations.filter(({ head, tail }) => isCandidate(document.id, head, tail));
    return { ...document, relations };
  });
  const found = predicted.filter(({ documentId, head, tail }) => isCandidate(documentId, head, tail));
  return scoreDocumentRelations(limited, found).all;
}

function toKeys(pairs: readonly EntityPair[]): ReadonlySet<string> {
  return new Set(pairs.map(([head, tail]) => `${head} ${tail}`));
}
