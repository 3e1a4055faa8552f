import { type Document, type EntityPair, labelPairs } from "@relatum/datasets";
import type { Tokenizer } from "@relatum/encoders";

import type { GainConfig } from "./config.ts";
import { type EntityGraph, entityGraphOf, type MentionGraph, mentionGraphOf } from "./graphs.ts";
import { layOutMentions, type MentionLayout, type MentionNode, type TokenPlaces } from "./mentions.ts";

/** What GAIN reads of one document, in plain arrays. */
export interface GainFeatures {
  readonly documentId: string;
  /** The text, cut to the config's `maxTokens`, start and end tokens included. */
  readonly tokenIds: readonly number[];
  /** By token, the number of its entity type, from 1; 0 = none. */
  readonly tokenTypes: readonly number[];
  /** By token, the number of its entity, from 1; 0 = none, or one beyond the config's `maxEntities`. */
  readonly tokenEntities: readonly number[];
  /** The mentions and the tokens they stand on. */
  readonly mentions: MentionLayout;
  readonly mentionGraph: MentionGraph;
  readonly entityGraph: EntityGraph;
  /** The pairs to classify; of a labelled document without candidates, those that have a relation come first. */
  readonly pairs: readonly EntityPair[];
  /** By pair, the label numbers that hold, ascending; `[0]` where no relation does. None for an unlabelled document. */
  readonly targets?: readonly (readonly number[])[];
}

/**
 * Turns a document into features.
 *
 * @param tokenizer Must have been given the document's words with `prepare`; {@link featurizeGainDocuments} does.
 * @throws {RangeError} If a fact's relation is not among the config's.
 */
export function featurizeGain(document: Document, tokenizer: Tokenizer, config: GainConfig): GainFeatures {
  const { tokenIds, places } = tokenizeText(document, tokenizer, config);
  const mentions = layOutMentions(document, places, config.edgeCases);
  const typeIds = new Map(config.entityTypes.map((type, index) => [type, index + 1]));
  const tokenNodes = mentions.tokenMentions.map((mention) => mentions.nodes[mention] as MentionNode);
  return {
    documentId: document.id,
    tokenIds,
    tokenTypes: tokenNodes.map(({ type }) => typeIds.get(type) ?? 0),
    tokenEntities: tokenNodes.map(({ entity }) => (entity < config.maxEntities ? entity + 1 : 0)),
    mentions,
    mentionGraph: mentionGraphOf(mentions),
    entityGraph: entityGraphOf(mentions),
    ...labelPairs(document, config.relations),
  };
}

/** Turns documents into features, tokenizing all of their words in one go. */
export async function featurizeGainDocuments(
  documents: readonly Document[],
  tokenizer: Tokenizer,
  config: GainConfig,
): Promise<GainFeatures[]> {
  await tokenizer.prepare(new Set(documents.flatMap(({ sentences }) => sentences.flat())));
  return documents.map((document) => featurizeGain(document, tokenizer, config));
}

/** Tokenizes a document word by word and cuts it. */
function tokenizeText(
  { sentences }: Document,
  tokenizer: Tokenizer,
  { maxTokens }: GainConfig,
): { tokenIds: readonly number[]; places: TokenPlaces } {
  const { startIds, endIds } = tokenizer;
  const text = [...startIds];
  const wordStarts = sentences.map((words) => {
    const starts = words.map((word) => {
      const start = text.length;
      text.push(...tokenizer.tokenizeWord(word));
      return start;
    });
    return [...starts, text.length];
  });
  const textEnd = Math.min(text.length, maxTokens - endIds.length);
  const tokenIds = [...text.slice(0, textEnd), ...endIds];
  return { tokenIds, places: { wordStarts, tokenCount: tokenIds.length, textEnd } };
}
