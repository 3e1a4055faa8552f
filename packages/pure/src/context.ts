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
  const before = wordsBefore(document, sentence, Math.floor(room / 2));
  const after = wordsAfter(document, sentence, Math.ceil(room / 2));
  return { words: [...before, ...words, ...after], sentenceStart: before.length };
}

function wordsBefore({ sentences }: Document, sentence: number, count: number): readonly string[] {
  let words: readonly string[] = [];
  for (let other = sentence - 1; other >= 0 && words.length < count; other -= 1) {
    const missing = count - words.length;
    words = [...(sentences[other]?.slice(-missing) ?? []), ...words];
  }
  return words;
}

function wordsAfter({ sentences }: Document, sentence: number, count: number): readonly string[] {
  const words: string[] = [];
  for (let other = sentence + 1; other < sentences.length && words.length < count; other += 1) {
    words.push(...(sentences[other]?.slice(0, count - words.length) ?? []));
  }
  return words;
}
