import type { Document } from "@relatum/datasets";
import type { Tokenizer } from "@relatum/encoders";

import type { PureConfig } from "./config.ts";
import { extendSentence } from "./context.ts";
import { enumerateSpans, type LabelledSpan, labelledSpans, spanKey, type WordSpan } from "./spans.ts";

/** What the entity model reads of one sentence, in plain arrays. */
export interface PureEntityFeatures {
  readonly documentId: string;
  readonly sentence: number;
  /** The sentence and its context, nothing cut, start and end tokens included. */
  readonly tokenIds: readonly number[];
  /** Words of the sentence and its context. */
  readonly wordCount: number;
  /** Every span that can be an entity, by first word and then by length; their words counted in the sentence. */
  readonly spans: readonly WordSpan[];
  /** By word of the sentence, its first token. */
  readonly wordStarts: readonly number[];
  /** By word of the sentence, its last token. */
  readonly wordEnds: readonly number[];
  /** By span, its label number; none for an unlabelled document. */
  readonly labels?: readonly number[];
}

/**
 * Turns each sentence of a document into features.
 *
 * Of two labels on one span the last one counts. A label on a span that is too long to be listed is passed over.
 *
 * @param tokenizer Must have been given the document's words with `prepare`; {@link featurizePureEntityDocuments} does.
 * @throws {RangeError} If a mention's type is not among the config's.
 */
export function featurizePureEntities(
  document: Document,
  tokenizer: Tokenizer,
  config: PureConfig,
): PureEntityFeatures[] {
  const labelled = document.labelled ? labelledSpans(document, config.entityTypes) : undefined;
  return document.sentences.map((words, sentence) => {
    const spans = enumerateSpans(words.length, config.maxSpanWords);
    return {
      documentId: document.id,
      sentence,
      ...tokenizeSentence(document, sentence, tokenizer, config),
      spans,
      ...(labelled && { labels: labelSpans(spans, labelled[sentence] ?? []) }),
    };
  });
}

/** Turns the sentences of documents into features, tokenizing all of their words in one go. */
export async function featurizePureEntityDocuments(
  documents: readonly Document[],
  tokenizer: Tokenizer,
  config: PureConfig,
): Promise<PureEntityFeatures[]> {
  await tokenizer.prepare(new Set(documents.flatMap(({ sentences }) => sentences.flat())));
  return documents.flatMap((document) => featurizePureEntities(document, tokenizer, config));
}

function tokenizeSentence(
  document: Document,
  sentence: number,
  tokenizer: Tokenizer,
  config: PureConfig,
): Pick<PureEntityFeatures, "tokenIds" | "wordCount" | "wordStarts" | "wordEnds"> {
  const { words, sentenceStart } = extendSentence(document, sentence, config.entityContextWords);
  const sentenceEnd = sentenceStart + (document.sentences[sentence]?.length ?? 0);
  const tokenIds = [...tokenizer.startIds];
  const wordStarts: number[] = [];
  const wordEnds: number[] = [];
  for (const [index, word] of words.entries()) {
    const start = tokenIds.length;
    tokenIds.push(...tokenizer.tokenizeWord(word));
    if (index < sentenceStart || index >= sentenceEnd) continue;
    wordStarts.push(start);
    // A word without tokens ends before it starts, as the authors have it.
    wordEnds.push(tokenIds.length - 1);
  }
  tokenIds.push(...tokenizer.endIds);
  return { tokenIds, wordCount: words.length, wordStarts, wordEnds };
}

function labelSpans(spans: readonly WordSpan[], labelled: readonly LabelledSpan[]): number[] {
  const bySpan = new Map(labelled.map((span) => [spanKey(span), span.label]));
  return spans.map((span) => bySpan.get(spanKey(span)) ?? 0);
}
