/**
 * Rounds a size up, so that tensors of like size share one recorded graph.
 *
 * Sizes are 1, 2, 3, 4, 6, 8, 12, 16, … : two to every doubling, hence a third of padding at the most.
 *
 * @throws {RangeError} If the size is not a positive integer.
 */
export function bucketSize(size: number): number {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`size must be a positive integer, got ${size}.`);
  const power = 2 ** Math.ceil(Math.log2(size));
  return size <= power * 0.75 && power >= 4 ? power * 0.75 : power;
}
