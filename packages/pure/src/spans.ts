import type { Document } from "@relatum/datasets";

/** A run of words of one sentence. */
export interface WordSpan {
  readonly start: number;
  /** The word after the last one. */
  readonly end: number;
}

/** An entity, or what may be one, with its label number. */
export interface LabelledSpan extends WordSpan {
  /** Place of the type in the config's `entityTypes`, from 1; 0 = no entity. */
  readonly label: number;
}

/**
 * Lists the spans that can be entities: by first word, then by length.
 *
 * @param wordCount Words of the sentence.
 */
export function enumerateSpans(wordCount: number, maxSpanWords: number): WordSpan[] {
  return Array.from({ length: wordCount }, (_, start) => {
    const longest = Math.min(maxSpanWords, wordCount - start);
    return Array.from({ length: longest }, (_unused, index) => ({ start, end: start + index + 1 }));
  }).flat();
}

/**
 * Lists the entities that a document's labels name, by sentence and in the order of the labels.
 *
 * A span with two labels is listed twice, and so is one that is named twice.
 *
 * @throws {RangeError} If a mention's type is not among `entityTypes`.
 */
export function labelledSpans(document: Document, entityTypes: readonly string[]): LabelledSpan[][] {
  const bySentence: LabelledSpan[][] = document.sentences.map(() => []);
  for (const { mentions } of document.entities) {
    for (const { type, sentence, start, end } of mentions) {
      const label = entityTypes.indexOf(type) + 1;
      if (label === 0) {
        throw new RangeError(
          `entityTypes must hold the type of every entity, got "${type}" in "${document.id}" besides.`,
        );
      }
      bySentence[sentence]?.push({ start, end, label });
    }
  }
  return bySentence;
}

/** A text that tells spans of one sentence apart. */
export function spanKey({ start, end }: WordSpan): string {
  return `${start}-${end}`;
}

/**
 * Gives the SHA-256, in hexadecimal, of where spans are and how they are labelled, in their order.
 *
 * @param spans By document and sentence; no more of a span counts.
 */
export async function spansHash(spans: readonly (readonly (readonly LabelledSpan[])[])[]): Promise<string> {
  const content = spans.map((sentences) => {
    return sentences.map((found) => found.map(({ start, end, label }) => [start, end, label]));
  });
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(content)));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
