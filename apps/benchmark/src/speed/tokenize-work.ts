import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Document } from "@relatum/datasets";
import { parseTokenizer, type SubwordTokenizer } from "@relatum/encoders";

import type { Work } from "./job.ts";

/** The files of a tokenizer, as far as there are any of the name. */
const FILE_NAMES = [
  "tokenizer.json",
  "vocab.txt",
  "vocab.json",
  "merges.txt",
  "tokenizer_config.json",
  "special_tokens_map.json",
];

/** Prepares turning every word of the documents into ids, the words that differ in one batched call. */
export async function prepareTokenize(directory: string, documents: readonly Document[]): Promise<Work> {
  const files = await readFiles(directory);
  const words = documents.map(({ sentences }) => sentences.flat());
  // A tokenizer remembers words: each repetition needs one that knows none.
  const createFresh = (): SubwordTokenizer => parseTokenizer(files, { place: directory });
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

async function readFiles(directory: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const name of FILE_NAMES) {
    const text = await readFile(join(directory, name), "utf8").catch(() => undefined);
    if (text !== undefined) files.set(name, text);
  }
  return files;
}
