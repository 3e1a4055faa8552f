/** Turns words into the ids of an encoder's vocabulary. */
export interface Tokenizer {
  readonly vocabularySize: number;
  /** Ids that open a sequence: `[CLS]`, `<s>`. */
  readonly startIds: readonly number[];
  /** Ids that close a sequence: `[SEP]`, `</s>`. */
  readonly endIds: readonly number[];
  readonly padId: number;
  /**
   * Tokenizes the words that are new in one batched call; {@link tokenizeWord} is then a look-up.
   *
   * A tokenizer may forget words of earlier calls: `SubwordTokenizer` keeps those of the last one and some 30,000 others.
   */
  prepare(words: Iterable<string>): Promise<void>;
  /**
   * The ids of one word on its own.
   *
   * @throws {RangeError} If the word was not given to {@link prepare}, or long ago.
   */
  tokenizeWord(word: string): readonly number[];
  /** The id of a token, the unknown token's where the vocabulary lacks it. */
  id(token: string): number;
}
