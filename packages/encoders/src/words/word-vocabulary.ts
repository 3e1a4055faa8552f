import * as z from "zod";

import type { Tokenizer } from "../tokens/tokenizer.ts";
import { parseJsonFile } from "../weights/json-file.ts";
import { ModelFileError } from "../weights/model-file-error.ts";

/** DocRED's name of the word that padding stands for; its id is 0. */
export const PADDING_WORD = "BLANK";

/** DocRED's name of the word that stands for all unknown ones. */
export const UNKNOWN_WORD = "UNK";

/** What a vocabulary lacks of a text. */
export interface UnknownWords {
  /** Words of the text, repetitions included. */
  readonly wordCount: number;
  /** Those among them that are unknown. */
  readonly unknownCount: number;
  /** How often each unknown word occurs, in lower case, the most frequent first. */
  readonly counts: ReadonlyMap<string, number>;
}

/** A tokenizer that takes each word, in lower case, for one token. */
export class WordVocabulary implements Tokenizer {
  readonly startIds: readonly number[] = Object.freeze([]);
  readonly endIds: readonly number[] = Object.freeze([]);
  readonly padId = 0;
  /** The words in the order of their ids. */
  readonly words: readonly string[];
  /** The id of every word that is not among them. */
  readonly unknownId: number;
  readonly #ids: ReadonlyMap<string, number>;

  /**
   * @param words In the order of their ids; the first is `BLANK`, one is `UNK`.
   * @throws {RangeError} If one of the two is not in its place, or a word is there twice.
   */
  constructor(words: readonly string[]) {
    const ids = new Map(words.map((word, id) => [word, id]));
    const unknownId = ids.get(UNKNOWN_WORD);
    if (words[0] !== PADDING_WORD) throw new RangeError(`word 0 must be "${PADDING_WORD}", got "${words[0]}".`);
    if (unknownId === undefined) throw new RangeError(`words must hold "${UNKNOWN_WORD}", got none.`);
    const repeated = words.find((word, id) => ids.get(word) !== id);
    if (repeated !== undefined) throw new RangeError(`words must differ, got "${repeated}" twice.`);
    this.words = words;
    this.unknownId = unknownId;
    this.#ids = ids;
  }

  get vocabularySize(): number {
    return this.words.length;
  }

  /** Does nothing: there is nothing to prepare. */
  async prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** The one id of a word, that of `UNK` for an unknown one; never padding's. */
  tokenizeWord(word: string): readonly number[] {
    return [this.id(word.toLowerCase())];
  }

  id(token: string): number {
    return this.#ids.get(token) ?? this.unknownId;
  }

  /** Counts the words of a text that are unknown. */
  countUnknown(words: Iterable<string>): UnknownWords {
    let wordCount = 0;
    const counts = new Map<string, number>();
    for (const word of words) {
      wordCount += 1;
      const lower = word.toLowerCase();
      if (!this.#ids.has(lower)) counts.set(lower, (counts.get(lower) ?? 0) + 1);
    }
    const ordered = [...counts].toSorted(([, left], [, right]) => right - left);
    const unknownCount = ordered.reduce((sum, [, count]) => sum + count, 0);
    return { wordCount, unknownCount, counts: new Map(ordered) };
  }

  /** The content of a `word2id.json`, for {@link parseWordVocabulary}. */
  format(): string {
    return `${JSON.stringify(Object.fromEntries(this.#ids))}\n`;
  }
}

const schema = z.record(z.string(), z.int().min(0));

/**
 * Reads a vocabulary in the form of DocRED's `word2id.json`: an object with an id for each word.
 *
 * @param path Opens the error messages.
 * @throws {ModelFileError} If it has another form, ids are not 0, 1, 2, … or a reserved word is not in its place; it
 *   names the word.
 */
export function parseWordVocabulary(text: string, path: string): WordVocabulary {
  const ids = Object.entries(parseJsonFile(text, schema, path));
  const words: string[] = [];
  for (const [word, id] of ids) {
    const place = `${path}: ${word}`;
    if (id >= ids.length) throw new ModelFileError(place, `must have an id below ${ids.length}, got ${id}.`);
    if (words[id] !== undefined) {
      throw new ModelFileError(place, `must have an id of its own, got ${id} as for "${words[id]}".`);
    }
    words[id] = word;
  }
  try {
    return new WordVocabulary(words);
  } catch (cause) {
    throw new ModelFileError(`${path}:`, (cause as RangeError).message, { cause });
  }
}
