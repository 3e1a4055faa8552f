import type { Document } from "@relatum/datasets";
import { WordVocabulary, type WordVectors } from "@relatum/encoders";
import type { Random } from "@relatum/tensor-utils";

/** How {@link drawWordVectors} draws. */
export interface DrawWordVectorsOptions {
  /** Width of a vector. */
  readonly width: number;
  readonly random: Random;
  /** How often a word must occur to have a vector of its own; 2 without it, so that the unknown word is trained too. */
  readonly leastCount?: number;
}

/** Like that of GloVe's vectors. */
const DEVIATION = 0.4;

/** Draws random vectors for the words of documents, where no file of trained ones is at hand. */
export function drawWordVectors(
  documents: readonly Document[],
  { width, random, leastCount = 2 }: DrawWordVectorsOptions,
): WordVectors {
  const counts = new Map<string, number>();
  for (const word of documents.flatMap(({ sentences }) => sentences.flat())) {
    const lower = word.toLowerCase();
    counts.set(lower, (counts.get(lower) ?? 0) + 1);
  }
  const words = [...counts].filter(([, count]) => count >= leastCount).map(([word]) => word);
  const vocabulary = new WordVocabulary(["BLANK", "UNK", ...words]);
  const values = new Float32Array(vocabulary.vocabularySize * width);
  for (let index = width; index < values.length; index += 1) values[index] = random.normal() * DEVIATION;
  return { vocabulary, values, width };
}
