import type { Document, EntityRelation } from "@relatum/datasets";

import { type Counts, ratio } from "./counts.ts";
import { collectGoldFacts, type GoldFacts } from "./gold-facts.ts";
import { rankCandidates, type Ranking } from "./ranking.ts";
import { bestGlobalThreshold } from "./threshold.ts";

/** How thresholds are chosen for each relation. */
export interface RelationThresholdOptions {
  /** The threshold every relation starts from; the best of 0.1, 0.2, …, 0.9 without it. */
  readonly start?: number;
  /** Most passes over the relations; 20 without it. The search ends before once a pass changes nothing. */
  readonly rounds?: number;
}

/** One relation in the search: its own candidates by score, and how many steps of them are kept now. */
interface RelationState {
  readonly ranking: Ranking;
  /** The last step kept; -1 keeps nothing. */
  step: number;
}

/**
 * Finds a threshold for each relation by cyclic optimization of micro F1 (Fan and Lin 2007), as in ATLOP's table 6.
 *
 * Relation after relation, in order of their names, takes the threshold that is best while the others keep theirs,
 * until none changes. F1 on the documents given never falls below that of the start; the paper finds that the gain
 * does not carry over to other documents.
 *
 * A threshold is the lowest score it keeps, to be used with {@link keepScored}. A relation best never predicted gets
 * one just above its highest score. A relation without candidates keeps the start.
 *
 * @param scored Every candidate with its score, in any order; of those that say the same, the highest counts.
 * @returns Thresholds by name of each relation in the gold or among the candidates.
 * @throws {RangeError} If there is no candidate, a score is not a number, or `rounds` is not a positive integer.
 * @throws {TypeError} If a gold document has no labels.
 */
export function bestThresholdsPerRelation(
  gold: readonly Document[],
  scored: readonly EntityRelation[],
  { start = bestGlobalThreshold(gold, scored).threshold, rounds = 20 }: RelationThresholdOptions = {},
): ReadonlyMap<string, number> {
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`rounds must be a positive integer, got ${rounds}.`);
  }
  const facts = collectGoldFacts(gold);
  const states = rankByRelation(facts, scored, start);
  for (let round = 0; round < rounds; round += 1) {
    let changed = false;
    for (const state of states.values()) changed = improve(facts, state, [...states.values()]) || changed;
    if (!changed) break;
  }
  const thresholds = [...states].map(([relation, state]): [string, number] => [relation, thresholdOf(state)]);
  const unscored = gold.flatMap(({ relations }) => relations.map(({ relation }) => relation));
  return new Map([...unscored.map((relation): [string, number] => [relation, start]), ...thresholds]);
}

function rankByRelation(
  facts: GoldFacts,
  scored: readonly EntityRelation[],
  start: number,
): ReadonlyMap<string, RelationState> {
  const candidates = new Map<string, EntityRelation[]>();
  for (const candidate of scored) {
    const others = candidates.get(candidate.relation);
    if (others === undefined) candidates.set(candidate.relation, [candidate]);
    else others.push(candidate);
  }
  const ordered = [...candidates].toSorted(([first], [second]) => (first < second ? -1 : 1));
  return new Map(
    ordered.map(([relation, own]) => {
      const ranking = rankCandidates(facts, own);
      return [relation, { ranking, step: ranking.thresholds.findLastIndex((score) => score >= start) }];
    }),
  );
}

/** Moves one relation to the step that is best while all others stay; says whether it moved. */
function improve(facts: GoldFacts, state: RelationState, states: readonly RelationState[]): boolean {
  const others = { correct: 0, predicted: 0 };
  for (const { ranking, step } of states.filter((other) => other !== state)) {
    others.correct += ranking.correct[step] ?? 0;
    others.predicted += ranking.predicted[step] ?? 0;
  }
  const f1At = (step: number): number =>
    microF1({
      correct: others.correct + (state.ranking.correct[step] ?? 0),
      predicted: others.predicted + (state.ranking.predicted[step] ?? 0),
      gold: facts.factCount,
    });
  const before = state.step;
  // The present step is tried first, so that a relation moves only where that helps.
  let best = f1At(before);
  for (let step = -1; step < state.ranking.thresholds.length; step += 1) {
    const f1 = f1At(step);
    if (f1 <= best) continue;
    best = f1;
    state.step = step;
  }
  return state.step !== before;
}

/** F1 in its form without precision and recall, which costs least and rounds once. */
function microF1({ correct, predicted, gold }: Counts): number {
  return ratio(2 * correct, predicted + gold);
}

function thresholdOf({ ranking: { thresholds }, step }: RelationState): number {
  const highest = thresholds[0] ?? 0;
  return thresholds[step] ?? highest + Math.max(Math.abs(highest) * Number.EPSILON, Number.MIN_VALUE);
}
