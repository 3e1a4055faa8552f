/** Seconds of the two sides, measured one right after the other. */
export interface Pair {
  readonly ours: number;
  readonly peer: number;
}

/** What a series of pairs shows. */
export interface PairSummary {
  /** Median over the pairs of our time divided by the counterpart's; below 1 is faster. */
  readonly ratio: number;
  /** Median seconds. */
  readonly oursSeconds: number;
  /** Median seconds. */
  readonly peerSeconds: number;
  /** All pairs that were measured. */
  readonly pairs: number;
  /** Those left out because the counterpart was in a slow mode. */
  readonly dropped: number;
}

/** Runs that take so many times as long as the next faster one are in another mode. */
const MODE_GAP = 1.5;

/**
 * Takes turns, so that both sides meet the same state of the machine.
 *
 * @param count How many pairs.
 * @param rest Lets the threads of one side go to sleep before the other begins.
 */
export async function alternate(
  sides: { readonly ours: () => Promise<number>; readonly peer: () => Promise<number> },
  count: number,
  rest: () => Promise<void>,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let index = 0; index < count; index += 1) {
    await rest();
    const ours = await sides.ours();
    await rest();
    pairs.push({ ours, peer: await sides.peer() });
  }
  return pairs;
}

/**
 * Sums pairs up by medians.
 *
 * PyTorch runs in two modes on few cores, one of them several times slower: pairs in which the counterpart was in a slow
 * mode do not count. Slow runs of our own do.
 *
 * @param pairs At least one.
 */
export function summarizePairs(pairs: readonly Pair[]): PairSummary {
  const limit = slowestOfGoodMode(pairs.map(({ peer }) => peer));
  const kept = pairs.filter(({ peer }) => peer <= limit);
  return {
    ratio: median(kept.map(({ ours, peer }) => ours / peer)),
    oursSeconds: median(kept.map(({ ours }) => ours)),
    peerSeconds: median(kept.map(({ peer }) => peer)),
    pairs: pairs.length,
    dropped: pairs.length - kept.length,
  };
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The last value before the first gap between modes. */
function slowestOfGoodMode(seconds: readonly number[]): number {
  const sorted = seconds.toSorted((left, right) => left - right);
  const gap = sorted.findIndex((value, index) => index > 0 && value > MODE_GAP * (sorted[index - 1] as number));
  return sorted.at(gap === -1 ? -1 : gap - 1) as number;
}
