/** Something that shuffles, such as a `Random` of `@relatum/tensor-utils`. */
export interface Shuffler {
  shuffle<T>(items: readonly T[]): T[];
}

/** How {@link batches} cuts. */
export interface BatchOptions {
  /** Items per batch. */
  readonly size: number;
  /** Puts the items in random order first. */
  readonly shuffle?: Shuffler;
  /** Leaves out a last batch that is not full. */
  readonly dropLast?: boolean;
}

/**
 * Cuts items into batches.
 *
 * @throws {RangeError} If the size is not a positive integer.
 */
export function* batches<T>(items: readonly T[], { size, shuffle, dropLast = false }: BatchOptions): Generator<T[]> {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`size must be a positive integer, got ${size}.`);
  const ordered = shuffle === undefined ? items : shuffle.shuffle(items);
  for (let start = 0; start < ordered.length; start += size) {
    const batch = ordered.slice(start, start + size);
    if (batch.length === size || !dropLast) yield batch;
  }
}
