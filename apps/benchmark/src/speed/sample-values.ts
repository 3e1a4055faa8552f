/** How many values of an output are compared; the counterparts in Python take as many. */
const SAMPLED = 1000;

/** Every n-th of the values, so that about a thousand stand for all. */
export function sampleValues(values: ArrayLike<number>): number[] {
  const step = Math.max(1, Math.floor(values.length / SAMPLED));
  return Array.from({ length: Math.ceil(values.length / step) }, (_, index) => values[index * step] as number);
}
