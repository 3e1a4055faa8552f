import type { Document } from "@relatum/datasets";
import { loadPretrained, parseTokenizer, SubwordTokenizer } from "@relatum/encoders";

import type { Work } from "./job.ts";
import { SpeedError } from "./speed-error.ts";

/** Prepares turning every word of the documents into ids, the words that differ in one batched call. */
export async function prepareTokenize(directory: string, documents: readonly Document[]): Promise<Work> {
  const { encoder, tokenizer } = await loadPretrained(directory);
  encoder.dispose();
  if (!(tokenizer instanceof SubwordTokenizer)) throw new SpeedError(`${directory} must hold a subword tokenizer.`);
  const words = documents.map(({ sentences }) => sentences.flat());
  // A tokenizer remembers words: each repetition needs one that knows none.
  const createFresh = (): SubwordTokenizer => parseTokenizer(tokenizer.files, { place: directory });
  let fresh = createFresh();
  const tokenize = async (): Promise<number[][]> => {
    await fresh.prepare(new Set(words.flat()));
    return words.map((list) => list.flatMap((word) => fresh.tokenizeWord(word)));
  };
  return {
    numbers: async () => {
      const ids = (await tokenize()).flat();
      return [ids.length, ...ids];
    },
    reset: () => {
      fresh = createFresh();
    },
    run: async () => void (await tokenize()),
  };
}
