/** Multiplies every learning rate; takes the number of steps done, so the first step asks for 0. */
export type Schedule = (step: number) => number;

/** The two corners of {@link linearWarmup}. */
export interface LinearWarmupOptions {
  /** Steps until the full learning rate is reached. */
  readonly warmupSteps: number;
  /** Steps until the learning rate is 0 again. */
  readonly totalSteps: number;
}

/**
 * Creates a schedule that rises linearly from 0 to 1 and falls linearly back to 0.
 *
 * The first step has multiplier 0 when there is a warm-up, as in the schedule of Hugging Face of the same form.
 *
 * @throws {RangeError} If a count is not a whole number or is negative.
 */
export function linearWarmup({ warmupSteps, totalSteps }: LinearWarmupOptions): Schedule {
  for (const [name, count] of Object.entries({ warmupSteps, totalSteps })) {
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`${name} must be an integer ≥ 0, got ${count}.`);
  }
  return (step) =>
    step < warmupSteps ? step / warmupSteps : Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
}
