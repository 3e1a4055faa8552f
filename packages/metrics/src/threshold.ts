import type { Document, EntityRelation } from "@relatum/datasets";

import { harmonicMean, ratio } from "./counts.ts";
import { type DocumentScores, ignPrecision, type ScoreOptions, scoreDocumentRelations } from "./document-relations.ts";
import { collectGoldFacts, type GoldFacts } from "./gold-facts.ts";
import { rankCandidates, type Ranking } from "./ranking.ts";

/** A threshold and what it scores. */
export interface ThresholdChoice {
  /** Relations that score at least this are kept. */
  readonly threshold: number;
  readonly scores: DocumentScores;
}

/** How a threshold is chosen. */
export interface ThresholdOptions extends ScoreOptions {
  /** Whose F1 to make as high as possible; `all` without it. `ignoringTrain` needs `trainFacts`. */
  readonly maximize?: "all" | "ignoringTrain";
}

/** What ATLOP's enhanced baseline searches: 0.1, 0.2, …, 0.9. */
const GRID = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/**
 * Finds the threshold of the best F1 among all scores, as GAIN does.
 *
 * The threshold is the lowest score it keeps; of several that are equally good, the highest is taken. GAIN's script
 * keeps what scores *above* a threshold it is given, and so one relation less than the search did: that is
 * {@link keepScored} with `strictly`. The number by which GAIN selects its model is `scores.ignoringTrain.f1` under
 * `{ maximize: "ignoringTrain", convention: "gain" }`.
 *
 * @param scored Every candidate with its score, in any order; of those that say the same, the highest counts.
 * @throws {RangeError} If there is no candidate, a score is not a number, or train facts are needed and missing.
 * @throws {TypeError} If a gold document has no labels.
 */
export function bestThreshold(
  gold: readonly Document[],
  scored: readonly EntityRelation[],
  options: ThresholdOptions = {},
): ThresholdChoice {
  const facts = collectGoldFacts(gold);
  const ranking = rankCandidates(facts, scored, neededFacts(options));
  const f1s = Float64Array.from(ranking.thresholds, (_, step) => f1At(facts, ranking, step, options));
  const threshold = ranking.thresholds[indexOfHighest(f1s)] ?? 0;
  return { threshold, scores: scoreDocumentRelations(gold, keepScored(scored, threshold), options) };
}

/**
 * Finds the threshold of the best F1 among a few, as ATLOP's enhanced baseline (BERT-E) does.
 *
 * Of several that are equally good, the first is taken.
 *
 * @param options.candidates Thresholds to try; 0.1, 0.2, …, 0.9 without it.
 * @throws {RangeError} If there is no candidate, a score is not a number, or train facts are needed and missing.
 * @throws {TypeError} If a gold document has no labels.
 */
export function bestGlobalThreshold(
  gold: readonly Document[],
  scored: readonly EntityRelation[],
  { candidates = GRID, ...options }: ThresholdOptions & { readonly candidates?: readonly number[] } = {},
): ThresholdChoice {
  if (candidates.length === 0) throw new RangeError("candidates must hold a threshold, got none.");
  const facts = collectGoldFacts(gold);
  const ranking = rankCandidates(facts, scored, neededFacts(options));
  const f1s = candidates.map((threshold) => f1At(facts, ranking, lastStepFrom(ranking, threshold), options));
  const threshold = candidates[indexOfHighest(f1s)] ?? 0;
  return { threshold, scores: scoreDocumentRelations(gold, keepScored(scored, threshold), options) };
}

/** How {@link keepScored} decides. */
export interface KeepOptions {
  /** Keeps only what scores above the threshold, not at it. */
  readonly strictly?: boolean;
  /** The threshold of relations that a map of thresholds does not name; without it, they are left out. */
  readonly otherwise?: number;
}

/** The relations that score at least a threshold: one for all, or one for each relation by name. */
export function keepScored(
  scored: readonly EntityRelation[],
  threshold: number | ReadonlyMap<string, number>,
  { strictly = false, otherwise = Infinity }: KeepOptions = {},
): EntityRelation[] {
  return scored.filter(({ relation, score }) => {
    const least = typeof threshold === "number" ? threshold : (threshold.get(relation) ?? otherwise);
    return score > least || (!strictly && score === least);
  });
}

function neededFacts({ maximize, trainFacts }: ThresholdOptions): ReadonlySet<string> | undefined {
  if (maximize !== "ignoringTrain") return undefined;
  if (trainFacts === undefined) throw new RangeError("trainFacts must be given to maximize ignoringTrain, got none.");
  return trainFacts;
}

/** F1 of what a step keeps; 0 for step -1, which keeps nothing. */
function f1At(
  facts: GoldFacts,
  { predicted, correct, known }: Ranking,
  step: number,
  { maximize, convention = "docred" }: ThresholdOptions,
): number {
  const right = correct[step] ?? 0;
  const kept = predicted[step] ?? 0;
  const seen = known[step] ?? 0;
  const precision =
    maximize === "ignoringTrain" ? ignPrecision(right - seen, kept - seen, convention) : ratio(right, kept);
  return harmonicMean(precision, ratio(right, facts.factCount));
}

/** The last step whose threshold is not below the one given, or -1. */
function lastStepFrom({ thresholds }: Ranking, threshold: number): number {
  return thresholds.findLastIndex((score) => score >= threshold);
}

function indexOfHighest(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
  return best;
}
