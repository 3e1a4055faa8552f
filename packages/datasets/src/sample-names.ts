import { hashText, type SeededRandom } from "./seeded-random.ts";

/** Which of three disjoint sets of names a sample document takes its names from. */
export type SampleSplit = "train" | "development" | "test";

/** The splits of the sample world, in order. */
export const SAMPLE_SPLITS: readonly SampleSplit[] = ["train", "development", "test"];

const ONSETS = [
  "b",
  "br",
  "d",
  "dr",
  "f",
  "g",
  "gr",
  "h",
  "k",
  "kl",
  "l",
  "m",
  "n",
  "p",
  "pl",
  "r",
  "s",
  "t",
  "tr",
  "v",
  "z",
];
const VOWELS = ["a", "e", "i", "o", "u", "ai", "ei", "oa"];
const CODAS = ["", "l", "m", "n", "r", "s", "v", "x", "nd", "rk", "lt"];

/**
 * Invents a name of a few syllables that belongs to a split and is not taken yet, and marks it as taken.
 *
 * The split follows from the name's letters, so that no name of one split ever occurs in another, whatever the seed.
 */
export function inventName(syllables: number, split: SampleSplit, taken: Set<string>, random: SeededRandom): string {
  for (;;) {
    const letters = Array.from({ length: syllables }, (_, index) => {
      return random.pick(ONSETS) + random.pick(VOWELS) + (index === syllables - 1 ? random.pick(CODAS) : "");
    }).join("");
    if (taken.has(letters) || SAMPLE_SPLITS[hashText(letters) % SAMPLE_SPLITS.length] !== split) continue;
    taken.add(letters);
    return letters.slice(0, 1).toUpperCase() + letters.slice(1);
  }
}
