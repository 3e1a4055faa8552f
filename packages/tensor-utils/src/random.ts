/** Seeded random numbers; the same seed gives the same sequence on every machine and engine. */
export interface Random {
  /** Uniform in [0, 1), with 32 random bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in `0 … below - 1`. */
  integer(below: number): number;
  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[];
  /** An independent stream that depends on this one's seed and the name alone, not on what was drawn before. */
  fork(name: string): Random;
}

/**
 * Creates a stream of random numbers.
 *
 * @param seed Any integer; only its low 32 bits count.
 * @throws {RangeError} If the seed is not an integer.
 */
export function createRandom(seed: number): Random {
  if (!Number.isInteger(seed)) throw new RangeError(`seed must be an integer, got ${seed}.`);
  return new Sfc32(hashText(`${seed >>> 0}`));
}

/** The sfc32 generator of Chris Doty-Humphrey: 128 bits of state, passes PractRand. */
class Sfc32 implements Random {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#seed = seed;
    this.#a = mixBits(seed ^ 0x9e3779b9);
    this.#b = mixBits(seed ^ 0x85ebca6b);
    this.#c = mixBits(seed ^ 0xc2b2ae35);
    for (let round = 0; round < 12; round += 1) this.#next();
  }

  uniform(): number {
    return this.#next() / 4294967296;
  }

  normal(): number {
    // Box–Muller; 1 - u keeps the logarithm finite.
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1) throw new RangeError(`below must be a positive integer, got ${below}.`);
    return Math.floor(this.uniform() * below);
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.integer(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
    }
    return shuffled;
  }

  fork(name: string): Random {
    return new Sfc32(hashText(`${this.#seed}/${name}`));
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }
}

/** FNV-1a over UTF-16 units, then mixed: 32 bits. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mixBits(hash);
}

/**
 * Spreads every input bit over the whole word: the finalizer of MurmurHash3.
 *
 * @returns A signed 32-bit integer.
 */
export function mixBits(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
