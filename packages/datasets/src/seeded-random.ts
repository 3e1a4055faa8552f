/** The random choices that generated documents are made of; the same seed gives the same choices everywhere. */
export interface SeededRandom {
  /** Whether an event of this probability happens, 0–1. */
  chance(probability: number): boolean;
  /** Uniform integer in `low … high`, both included. */
  between(low: number, high: number): number;
  /** One of the items, each as likely. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
}

/**
 * Creates a stream of random choices.
 *
 * @param seed Any text; another text gives an unrelated stream.
 */
export function seededRandom(seed: string): SeededRandom {
  let state = hashText(seed);
  // The mulberry32 generator of Tommy Ettinger: 32 bits of state, enough to choose words by.
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
  const between = (low: number, high: number): number => low + Math.floor(uniform() * (high - low + 1));
  return {
    chance: (probability) => uniform() < probability,
    between,
    pick: (items) => {
      if (items.length === 0) throw new RangeError("items must not be empty, got none to pick from.");
      return items[between(0, items.length - 1)] as (typeof items)[number];
    },
    shuffle: <T>(items: readonly T[]): T[] => {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = between(0, last);
        [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
      }
      return shuffled;
    },
  };
}

/** A 32-bit number that depends on every character of a text: FNV-1a, then the finalizer of MurmurHash3. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
