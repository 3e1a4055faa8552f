import { SpeedError } from "./speed-error.ts";

/** Largest difference, relative for numbers above 1. */
const TOLERANCE = 1e-3;

/**
 * Makes sure that two sides compute the same.
 *
 * @param subject Opens the error message.
 * @throws {SpeedError} If the numbers are not as many, or two of them differ by more than 1e-3.
 */
export function checkNumbers(subject: string, ours: readonly number[], peer: readonly number[]): void {
  const refusal = "No ratio is reported, for the two sides do not do the same work.";
  if (ours.length !== peer.length) {
    throw new SpeedError(
      `${subject} must give as many numbers on both sides, got ${ours.length} and ${peer.length}. ${refusal}`,
    );
  }
  for (const [index, value] of ours.entries()) {
    const other = peer[index] as number;
    // Written so that NaN differs from everything.
    if (Math.abs(value - other) <= TOLERANCE * Math.max(1, Math.abs(other))) continue;
    throw new SpeedError(
      `${subject} must give the same numbers on both sides to ${TOLERANCE}, got ${value} and ${other} at ${index} of ` +
        `${ours.length}. ${refusal}`,
    );
  }
}
