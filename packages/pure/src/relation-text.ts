import type { Document } from "@relatum/datasets";
import type { Tokenizer } from "@relatum/encoders";

import { extendSentence } from "./context.ts";
import type { PairMarkers } from "./markers.ts";
import type { SpanPair } from "./relation-pairs.ts";
import type { WordSpan } from "./spans.ts";

/** A sentence with its context, in the tokens of its words. */
export interface SentenceText {
  /** Token ids by word. */
  readonly words: readonly (readonly number[])[];
  /** Where the sentence is among the words. */
  readonly core: WordSpan;
}

/** Where a pair is in a text: the first and last tokens of its spans, or the markers around them. */
export interface PairPlaces {
  readonly headFirst: number;
  readonly headLast: number;
  readonly tailFirst: number;
  readonly tailLast: number;
}

/**
 * Tokenizes a sentence and its context.
 *
 * @param tokenizer Must have been given the document's words with `prepare`.
 */
export function readSentence(
  document: Document,
  sentence: number,
  { tokenizer, contextWords }: { readonly tokenizer: Tokenizer; readonly contextWords: number },
): SentenceText {
  const { words, sentenceStart } = extendSentence(document, sentence, contextWords);
  const length = document.sentences[sentence]?.length ?? 0;
  return {
    words: words.map((word) => tokenizer.tokenizeWord(word)),
    core: { start: sentenceStart, end: sentenceStart + length },
  };
}

/** Joins the words of a window between start and end tokens, and tells where the spans of a pair are. */
export function joinWords(
  { words, core }: SentenceText,
  window: WordSpan,
  { startIds, endIds }: Tokenizer,
): { readonly tokenIds: readonly number[]; placesOf(pair: SpanPair): PairPlaces } {
  const tokenIds = [...startIds];
  const firsts: number[] = [];
  const lasts: number[] = [];
  for (const word of words.slice(window.start, window.end)) {
    firsts.push(tokenIds.length);
    tokenIds.push(...word);
    lasts.push(Math.max(startIds.length, tokenIds.length - 1));
  }
  tokenIds.push(...endIds);
  const offset = core.start - window.start;
  const placesOf = ({ head, tail }: SpanPair): PairPlaces => ({
    headFirst: firsts[offset + head.start] as number,
    headLast: lasts[offset + head.end - 1] as number,
    tailFirst: firsts[offset + tail.start] as number,
    tailLast: lasts[offset + tail.end - 1] as number,
  });
  return { tokenIds, placesOf };
}

/**
 * Joins the words of a window with a pair's markers around its spans, as the full model reads them.
 *
 * Where two markers meet, the head's comes before the tail's, also where that makes spans overlap.
 *
 * @returns The tokens, start and end tokens included, and the places of the markers.
 */
export function insertMarkers(
  { words, core }: SentenceText,
  window: WordSpan,
  { head, tail }: SpanPair,
  { markers, tokenizer }: { readonly markers: PairMarkers; readonly tokenizer: Tokenizer },
): { readonly tokenIds: readonly number[]; readonly places: PairPlaces } {
  const tokenIds = [...tokenizer.startIds];
  const places = { headFirst: 0, headLast: 0, tailFirst: 0, tailLast: 0 };
  const insert = (place: keyof PairPlaces, id: number): void => {
    places[place] = tokenIds.length;
    tokenIds.push(id);
  };
  for (const [index, word] of words.slice(window.start, window.end).entries()) {
    const place = window.start + index - core.start;
    if (place === head.start) insert("headFirst", markers.headStart);
    if (place === tail.start) insert("tailFirst", markers.tailStart);
    tokenIds.push(...word);
    if (place === head.end - 1) insert("headLast", markers.headEnd);
    if (place === tail.end - 1) insert("tailLast", markers.tailEnd);
  }
  tokenIds.push(...tokenizer.endIds);
  return { tokenIds, places };
}
