import type { Document, EntityRelation } from "@relatum/datasets";

import { ratio } from "./counts.ts";
import { ignPrecision, type ScoreOptions } from "./document-relations.ts";
import { collectGoldFacts } from "./gold-facts.ts";
import { rankCandidates } from "./ranking.ts";

/** Precision and recall at every threshold, from the highest threshold to the lowest. */
export interface PrecisionRecallCurve {
  /** The lowest score kept at each point, `[points]`. */
  readonly thresholds: Float64Array;
  /** Never falls, `[points]`. */
  readonly recalls: Float64Array;
  readonly precisions: Float64Array;
  /** Area under the curve (AUC), 0–1. */
  readonly area: number;
  /** The curve with facts known from training left out of precision, and its area (Ign AUC). */
  readonly ignoringTrain?: { readonly precisions: Float64Array; readonly area: number };
}

/**
 * Draws the precision–recall curve of scored candidates.
 *
 * Candidates of equal score share a point. Gold facts that are no candidate keep recall below 1. The area is that of
 * {@link trapezoidArea}: what lies left of the first point is not counted, as in GAIN's script.
 *
 * @param scored Every candidate with its score, in any order; of those that say the same, the highest counts.
 * @throws {RangeError} If there is no candidate, or a score is not a number.
 * @throws {TypeError} If a gold document has no labels.
 */
export function precisionRecallCurve(
  gold: readonly Document[],
  scored: readonly EntityRelation[],
  { trainFacts, convention = "docred" }: Omit<ScoreOptions, "distantFacts"> = {},
): PrecisionRecallCurve {
  const facts = collectGoldFacts(gold);
  const { thresholds, predicted, correct, known } = rankCandidates(facts, scored, trainFacts);
  const recalls = Float64Array.from(correct, (count) => ratio(count, facts.factCount));
  const precisions = Float64Array.from(correct, (count, index) => ratio(count, predicted[index] ?? 0));
  const curve = { thresholds, recalls, precisions, area: trapezoidArea(recalls, precisions) };
  if (trainFacts === undefined) return curve;

  const unseenPrecisions = Float64Array.from(correct, (count, index) => {
    const seen = known[index] ?? 0;
    return ignPrecision(count - seen, (predicted[index] ?? 0) - seen, convention);
  });
  const ignoringTrain = { precisions: unseenPrecisions, area: trapezoidArea(recalls, unseenPrecisions) };
  return { ...curve, ignoringTrain };
}

/**
 * Area under straight lines from point to point; nothing is added before the first point or after the last.
 *
 * @param recalls Ascending, `[points]`.
 * @param precisions `[points]`.
 */
export function trapezoidArea(recalls: ArrayLike<number>, precisions: ArrayLike<number>): number {
  let area = 0;
  for (let index = 1; index < recalls.length; index += 1) {
    const width = (recalls[index] ?? 0) - (recalls[index - 1] ?? 0);
    area += (width * ((precisions[index] ?? 0) + (precisions[index - 1] ?? 0))) / 2;
  }
  return area;
}
