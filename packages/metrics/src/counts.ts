/** How many relations were right, found and to be found. */
export interface Counts {
  /** Found relations that are true. */
  readonly correct: number;
  /** Relations found. */
  readonly predicted: number;
  /** True relations. */
  readonly gold: number;
}

/** Precision, recall and F1, each 0–1, with the counts they come from. */
export interface PrecisionRecallF1 extends Counts {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * Turns counts into precision, recall and F1; each is 0 where nothing is there to divide by.
 *
 * Precision is 0 without predictions, recall is 0 without gold, and F1 is 0 where both are.
 */
export function precisionRecallF1({ correct, predicted, gold }: Counts): PrecisionRecallF1 {
  const precision = ratio(correct, predicted);
  const recall = ratio(correct, gold);
  return { precision, recall, f1: harmonicMean(precision, recall), correct, predicted, gold };
}

/** Divides, and gives 0 for anything over zero. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** F1 of a precision and a recall; 0 where both are 0. */
export function harmonicMean(precision: number, recall: number): number {
  return ratio(2 * precision * recall, precision + recall);
}
