/** Something that shuffles, such as a `Random` of `@relatum/tensor-utils`. */
export interface Shuffler {
  shuffle<T>(items: readonly T[]): T[];
}

/** How {@link batches} cuts. */
export interface BatchOptions<Item> {
  /** Items per batch. */
  readonly size: number;
  /** Puts the items in random order first. */
  readonly shuffle?: Shuffler;
  /** Leaves out a last batch that is not full. */
  readonly dropLast?: boolean;
  /**
   * Puts items of like length into one batch, so that little is padded. Shuffled items are sorted within runs of
   * {@link POOL} batches only, and the batches change places: chance still decides who meets whom, and when.
   */
  readonly lengthOf?: (item: Item) => number;
}

/** Batches within which shuffled items are sorted by length. */
const POOL = 16;

/**
 * Cuts items into batches.
 *
 * @throws {RangeError} If the size is not a positive integer.
 */
export function* batches<Item>(items: readonly Item[], options: BatchOptions<Item>): Generator<Item[]> {
  const { size, shuffle, dropLast = false, lengthOf } = options;
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`size must be a positive integer, got ${size}.`);
  const shuffled = shuffle === undefined ? items : shuffle.shuffle(items);
  // What is left out is chosen before the sorting, which would always leave out the longest.
  const kept = dropLast ? shuffled.slice(0, items.length - (items.length % size)) : shuffled;
  if (lengthOf === undefined) return yield* cut(kept, size);
  const byLength = (left: Item, right: Item): number => lengthOf(left) - lengthOf(right);
  if (shuffle === undefined) return yield* cut(kept.toSorted(byLength), size);
  const pools = [...cut(kept, size * POOL)].flatMap((pool) => [...cut(pool.toSorted(byLength), size)]);
  yield* shuffle.shuffle(pools);
}

function* cut<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
