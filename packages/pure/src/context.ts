import type { Document } from "@relatum/datasets";

/** A sentence with words from around it. */
export interface SentenceInContext {
  readonly words: readonly string[];
  /** Where the sentence's first word stands among them. */
  readonly sentenceStart: number;
}

/**
 * Extends a sentence to `contextWords` words, half of them from before it and half from after it.
 *
 * An odd word more comes from after it. What the document's beginning or end does not give is not taken from the other
 * side, and a sentence that is longer stays whole.
 *
 * @param sentence Number of the sentence in the document.
 */
export function extendSentence(document: Document, sentence: number, contextWords: number): SentenceInContext {
  const words = document.sentences[sentence] ?? [];
  const room = Math.max(0, contextWords - words.length);
  const before = lastWords(document.sentences.slice(0, sentence), Math.floor(room / 2));
  const after = firstWords(document.sentences.slice(sentence + 1), Math.ceil(room / 2));
  return { words: [...before, ...words, ...after], sentenceStart: before.length };
}

function lastWords(sentences: readonly (readonly string[])[], count: number): string[] {
  const words = sentences.flat();
  return words.slice(words.length - Math.min(count, words.length));
}

function firstWords(sentences: readonly (readonly string[])[], count: number): string[] {
  return sentences.flat().slice(0, count);
}
