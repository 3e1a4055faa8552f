import { Tokenizer as Subwords } from "tokenizers";

import { ModelFileError } from "../weights/model-file-error.ts";
import { parseTokenizerFiles, type TokenizerFiles } from "./tokenizer-files.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** How {@link parseTokenizer} reads words. */
export interface ParseTokenizerOptions {
  /** Opens the error messages: the directory that the files come from. */
  readonly place?: string;
  /**
   * Puts a space before each word, as inside a sentence; only a byte-level vocabulary (RoBERTa) sees the difference.
   * Without it a word is tokenized as if it stood alone.
   */
  readonly leadingSpace?: boolean;
}

/** Words that go to the library in one call; bounds what the call holds in memory. */
const BATCH_WORDS = 65_536;

/** Words kept besides those of the last call, so that memory stays bounded in a stream of ever new names. */
const KEPT_WORDS = 32_768;

const NO_IDS: readonly number[] = Object.freeze([]);

/** The names that BERT, then RoBERTa, gives its special tokens; ALBERT mixes them. */
const SPECIAL_TOKENS = {
  cls_token: ["[CLS]", "<s>"],
  sep_token: ["[SEP]", "</s>"],
  pad_token: ["[PAD]", "<pad>"],
  unk_token: ["[UNK]", "<unk>"],
} as const;

/**
 * Reads a tokenizer from the text of its files.
 *
 * @param files Text by file name: `tokenizer.json`, or `vocab.txt`, or `vocab.json` with `merges.txt`; the first that is
 *   there counts. `tokenizer_config.json` and `special_tokens_map.json` are read too.
 * @throws {ModelFileError} If the files are missing or damaged; it names the file, and the line of a vocabulary.
 */
export function parseTokenizer(
  files: ReadonlyMap<string, string>,
  options: ParseTokenizerOptions = {},
): SubwordTokenizer {
  const place = options.place === undefined ? "" : `${options.place}/`;
  return new SubwordTokenizer(parseTokenizerFiles(files, place), files, options.leadingSpace ?? false);
}

/** A subword vocabulary: WordPiece (BERT), byte-level BPE (RoBERTa) or SentencePiece (ALBERT). */
export class SubwordTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly startIds: readonly number[];
  readonly endIds: readonly number[];
  readonly padId: number;
  /** The text that the tokenizer was read from, by file name. */
  readonly files: ReadonlyMap<string, string>;
  readonly #subwords: Subwords;
  /** The file that holds the vocabulary. */
  readonly #path: string;
  readonly #unknownId: number;
  readonly #prefix: string;
  /** The words used longest ago come first; the empty one, which has no ids, is not among them. */
  readonly #wordIds = new Map<string, readonly number[]>();

  /** Use {@link parseTokenizer}. */
  constructor(parsed: TokenizerFiles, files: ReadonlyMap<string, string>, leadingSpace: boolean) {
    this.#subwords = createSubwords(parsed);
    this.#path = parsed.path;
    this.vocabularySize = this.#subwords.getVocabSize(true);
    this.startIds = Object.freeze([specialId(this.#subwords, parsed, "cls_token")]);
    this.endIds = Object.freeze([specialId(this.#subwords, parsed, "sep_token")]);
    this.padId = specialId(this.#subwords, parsed, "pad_token");
    this.#unknownId = specialId(this.#subwords, parsed, "unk_token");
    this.#prefix = leadingSpace ? " " : "";
    this.files = files;
  }

  /** @throws {ModelFileError} If the file asks for what cannot be done, such as an unknown token that it lacks. */
  async prepare(words: Iterable<string>): Promise<void> {
    const wanted = new Set(words);
    wanted.delete("");
    // Another call may come between and forget some.
    for (let missing = this.#missing(wanted); missing.length > 0; missing = this.#missing(wanted)) {
      for (let start = 0; start < missing.length; start += BATCH_WORDS) {
        await this.#tokenize(missing.slice(start, start + BATCH_WORDS));
      }
    }
    for (const word of wanted) {
      const ids = this.#wordIds.get(word) as readonly number[];
      this.#wordIds.delete(word);
      this.#wordIds.set(word, ids);
    }
    for (const word of this.#wordIds.keys()) {
      if (this.#wordIds.size <= KEPT_WORDS + wanted.size) break;
      this.#wordIds.delete(word);
    }
  }

  tokenizeWord(word: string): readonly number[] {
    const ids = word === "" ? NO_IDS : this.#wordIds.get(word);
    if (ids === undefined) throw new RangeError(`word must be among those given to prepare, got "${word}".`);
    return ids;
  }

  #missing(words: ReadonlySet<string>): string[] {
    return [...words].filter((word) => !this.#wordIds.has(word));
  }

  async #tokenize(words: readonly string[]): Promise<void> {
    const inputs = words.map((word) => this.#prefix + word);
    const encodings = await this.#subwords.encodeBatch(inputs, { addSpecialTokens: false }).catch((cause: unknown) => {
      throw libraryError(this.#path, "be able to tokenize every word", cause);
    });
    for (const [index, encoding] of encodings.entries()) {
      this.#wordIds.set(words[index] as string, Object.freeze(encoding.getIds()));
    }
  }

  id(token: string): number {
    return this.#subwords.tokenToId(token) ?? this.#unknownId;
  }

  /** The token of an id as the vocabulary spells it; undefined beyond the vocabulary. */
  token(id: number): string | undefined {
    return this.#subwords.idToToken(id) ?? undefined;
  }
}

function createSubwords({ path, json }: TokenizerFiles): Subwords {
  try {
    return Subwords.fromString(json);
  } catch (cause) {
    throw libraryError(path, "hold a tokenizer", cause);
  }
}

function libraryError(path: string, rule: string, cause: unknown): ModelFileError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new ModelFileError(path, `must ${rule}, but the library says: ${problem}.`, { cause });
}

function specialId(subwords: Subwords, parsed: TokenizerFiles, role: keyof typeof SPECIAL_TOKENS): number {
  const named = parsed.config[role];
  const candidates = typeof named === "string" ? [named] : SPECIAL_TOKENS[role];
  const id = candidates.map((token) => subwords.tokenToId(token)).find((found) => found !== null);
  if (id === undefined) throw new ModelFileError(parsed.path, `must hold the token ${candidates.join(" or ")}.`);
  return id as number;
}
