import { createRandom } from "@relatum/tensor-utils";

import type { Backbone } from "./backbone.ts";
import { type BertConfig, BertEncoder } from "./bert.ts";
import { savePretrained } from "./save-pretrained.ts";
import { parseTokenizer } from "./tokens/subword.ts";
import type { Tokenizer } from "./tokens/tokenizer.ts";

/** What may be changed about a {@link tinyBackbone}. */
export interface TinyBackboneOptions {
  /** Every dropout rate of the encoder, 0–1; 0 without it. */
  readonly dropout?: number;
}

const CONFIG: BertConfig = {
  family: "bert",
  vocabularySize: 512,
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  intermediateSize: 64,
  maxPositions: 512,
  typeVocabularySize: 2,
  dropout: 0,
  attentionDropout: 0,
  layerNormEpsilon: 1e-12,
  activation: "gelu",
  padId: 0,
};

/** Entries that BERT keeps free: 99 of them here. */
const UNUSED_TOKEN = /^\[unused(\d{1,2})\]$/;

const SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "*"];

/**
 * Creates a two-layer BERT with random weights for tests, and a tokenizer that gives any word one id of its own, nearly.
 *
 * Saved and loaded again it knows the words it was prepared for.
 *
 * @param seed The same seed gives the same weights.
 */
export function tinyBackbone(seed = 0, { dropout = 0 }: TinyBackboneOptions = {}): Backbone {
  const encoder = new BertEncoder({ ...CONFIG, dropout, attentionDropout: dropout }, createRandom(seed));
  const tokenizer = new HashTokenizer(CONFIG.vocabularySize);
  const save = async (directory: string): Promise<void> => {
    const saved = parseTokenizer(new Map([["tokenizer.json", tokenizer.toJson()]]));
    await savePretrained(directory, encoder, saved);
  };
  return { encoder, tokenizer, save };
}

/** Gives a word the id that its letters hash to. */
class HashTokenizer implements Tokenizer {
  readonly vocabularySize: number;
  readonly startIds: readonly number[] = [SPECIAL_TOKENS.indexOf("[CLS]")];
  readonly endIds: readonly number[] = [SPECIAL_TOKENS.indexOf("[SEP]")];
  readonly padId: number = SPECIAL_TOKENS.indexOf("[PAD]");
  readonly #ids: Map<string, number> = new Map(SPECIAL_TOKENS.map((token, id) => [token, id]));

  constructor(vocabularySize: number) {
    this.vocabularySize = vocabularySize;
  }

  async prepare(words: Iterable<string>): Promise<void> {
    for (const word of words) if (!this.#ids.has(word)) this.#ids.set(word, this.#hash(word));
  }

  tokenizeWord(word: string): readonly number[] {
    const id = this.#ids.get(word);
    if (id === undefined) throw new RangeError(`word must be among those given to prepare, got "${word}".`);
    return [id];
  }

  id(token: string): number {
    const unused = Number(UNUSED_TOKEN.exec(token)?.[1] ?? 0);
    // Known from then on, so that they are saved; the last ids of the vocabulary, which words may have too.
    if (unused > 0) this.#ids.set(token, this.vocabularySize - unused);
    return this.#ids.get(token) ?? SPECIAL_TOKENS.indexOf("[UNK]");
  }

  /** A `tokenizer.json` with the words known so far. */
  toJson(): string {
    const vocab = Object.fromEntries(this.#ids);
    return JSON.stringify({
      version: "1.0",
      added_tokens: [],
      model: { type: "WordLevel", vocab, unk_token: "[UNK]" },
    });
  }

  #hash(word: string): number {
    const letters = Array.from(word).reduce(
      (hash, letter) => (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0,
      7,
    );
    return SPECIAL_TOKENS.length + (letters % (this.vocabularySize - SPECIAL_TOKENS.length));
  }
}
