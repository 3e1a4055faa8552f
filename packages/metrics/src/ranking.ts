import type { EntityRelation } from "@relatum/datasets";

import { findFact, type GoldFacts, isKnownFact, keepOnePerFact } from "./gold-facts.ts";

/** Scored candidates, highest first, cut wherever the score falls: a step holds what one threshold keeps. */
export interface Ranking {
  /** The lowest score kept by each step, descending. */
  readonly thresholds: Float64Array;
  /** Candidates kept by each step. */
  readonly predicted: Uint32Array;
  /** True ones among them. */
  readonly correct: Uint32Array;
  /** Those among the true ones that are known from training; zeros without train facts. */
  readonly known: Uint32Array;
}

/**
 * Ranks scored candidates. Candidates of equal score share a step, for no threshold can part them.
 *
 * Of candidates that say the same, the one of the highest score is kept.
 *
 * @throws {RangeError} If there is no candidate, or a score is not a number.
 */
export function rankCandidates(
  gold: GoldFacts,
  scored: readonly EntityRelation[],
  trainFacts: ReadonlySet<string> = new Set(),
): Ranking {
  const invalid = scored.findIndex(({ score }) => Number.isNaN(score));
  if (invalid !== -1) throw new RangeError(`scored[${invalid}].score must be a number, got NaN.`);
  const ranked = keepOnePerFact(scored, "best").toSorted((first, second) => second.score - first.score);
  const stepEnds: number[] = [];
  for (const [index, { score }] of ranked.entries()) if (ranked[index + 1]?.score !== score) stepEnds.push(index);
  if (stepEnds.length === 0) throw new RangeError("scored must hold a candidate, got none.");

  const ranking = {
    thresholds: Float64Array.from(stepEnds, (end) => ranked[end]?.score ?? 0),
    predicted: Uint32Array.from(stepEnds, (end) => end + 1),
    correct: new Uint32Array(stepEnds.length),
    known: new Uint32Array(stepEnds.length),
  };
  let correct = 0;
  let known = 0;
  let step = 0;
  for (const [index, candidate] of ranked.entries()) {
    const document = gold.documents.get(candidate.documentId);
    if (document !== undefined && findFact(gold, candidate) !== undefined) {
      correct += 1;
      if (trainFacts.size > 0 && isKnownFact(document, candidate, trainFacts)) known += 1;
    }
    if (index !== stepEnds[step]) continue;
    ranking.correct[step] = correct;
    ranking.known[step] = known;
    step += 1;
  }
  return ranking;
}
