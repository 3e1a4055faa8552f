import { type Document, type EntityPair, labelPairs } from "@relatum/datasets";
import type { Tokenizer } from "@relatum/encoders";

import type { AtlopConfig } from "./config.ts";

/** What ATLOP reads of one document, in plain arrays. */
export interface AtlopFeatures {
  readonly documentId: string;
  /** The text with its markers, cut to the config's `maxTokens`, start and end tokens included. */
  readonly tokenIds: readonly number[];
  /** By entity and mention, the token whose vector stands for the mention; may lie in what was cut off. */
  readonly mentionStarts: readonly (readonly number[])[];
  /** The pairs to classify; of a labelled document without candidates, those that have a relation come first. */
  readonly pairs: readonly EntityPair[];
  /** By pair, the label numbers that hold, ascending; `[0]` where no relation does. None for an unlabelled document. */
  readonly targets?: readonly (readonly number[])[];
}

/** A document's text as tokens. */
export interface MarkedText {
  /** Every token, start and end tokens included, nothing cut. */
  readonly tokenIds: readonly number[];
  /** By sentence and word, the first token of the word, its opening marker counted in; one more entry ends the sentence. */
  readonly wordStarts: readonly (readonly number[])[];
}

/** The symbol that the paper puts at both ends of a mention. */
const MARKER = "*";

/**
 * Turns a document into features.
 *
 * @param tokenizer Must have been given the document's words with `prepare`; {@link featurizeAtlopDocuments} does.
 * @throws {RangeError} If a fact's relation is not among the config's.
 */
export function featurizeAtlop(document: Document, tokenizer: Tokenizer, config: AtlopConfig): AtlopFeatures {
  const { tokenIds, wordStarts } = markText(document, tokenizer, config);
  const mentionStarts = document.entities.map(({ mentions }) =>
    mentions.map(({ sentence, start }) => wordStarts[sentence]?.[start] as number),
  );
  return {
    documentId: document.id,
    tokenIds: cutText(tokenIds, tokenizer, config),
    mentionStarts,
    ...labelPairs(document, config.relations),
  };
}

/** Turns documents into features, tokenizing all of their words in one go. */
export async function featurizeAtlopDocuments(
  documents: readonly Document[],
  tokenizer: Tokenizer,
  config: AtlopConfig,
): Promise<AtlopFeatures[]> {
  await tokenizer.prepare(new Set(documents.flatMap(({ sentences }) => sentences.flat())));
  return documents.map((document) => featurizeAtlop(document, tokenizer, config));
}

/**
 * Tokenizes a document word by word and puts a `*` at both ends of each mention.
 *
 * A word that opens several mentions gets one marker, and so does one that closes several.
 *
 * @param tokenizer Must have been given the document's words with `prepare`.
 */
export function markText(document: Document, tokenizer: Tokenizer, config: AtlopConfig): MarkedText {
  const { opening, closing } = config.entityMarkers ? findMarkedWords(document) : NO_MARKED_WORDS;
  const marker = tokenizer.id(MARKER);
  const tokenIds = [...tokenizer.startIds];
  const wordStarts = document.sentences.map((words, sentence) => {
    const starts = words.map((word, index) => {
      const start = tokenIds.length;
      if (opening.has(`${sentence}/${index}`)) tokenIds.push(marker);
      tokenIds.push(...tokenizer.tokenizeWord(word));
      if (closing.has(`${sentence}/${index}`)) tokenIds.push(marker);
      return start;
    });
    return [...starts, tokenIds.length];
  });
  tokenIds.push(...tokenizer.endIds);
  return { tokenIds, wordStarts };
}

function cutText(tokenIds: readonly number[], { endIds }: Tokenizer, { maxTokens }: AtlopConfig): readonly number[] {
  if (tokenIds.length <= maxTokens) return tokenIds;
  return [...tokenIds.slice(0, maxTokens - endIds.length), ...endIds];
}

/** First and last words of mentions, as `sentence/word`. */
function findMarkedWords({ entities }: Document): { opening: ReadonlySet<string>; closing: ReadonlySet<string> } {
  const mentions = entities.flatMap((entity) => entity.mentions);
  return {
    opening: new Set(mentions.map(({ sentence, start }) => `${sentence}/${start}`)),
    closing: new Set(mentions.map(({ sentence, end }) => `${sentence}/${end - 1}`)),
  };
}

const NO_MARKED_WORDS: ReturnType<typeof findMarkedWords> = { opening: new Set(), closing: new Set() };
