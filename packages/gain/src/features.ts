import { type Document, documentPairs, type EntityPair } from "@relatum/datasets";
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

/** The label of pairs without a relation. */
const NO_RELATION = 0;

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
    ...labelPairs(document, config),
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

function labelPairs(document: Document, config: GainConfig): Pick<GainFeatures, "pairs" | "targets"> {
  const pairs = documentPairs(document);
  if (!document.labelled) return { pairs };
  const labels = labelsByPair(document, config);
  const isRelated = ([head, tail]: EntityPair): boolean => labels.has(`${head}/${tail}`);
  // Without candidates the authors list the related pairs first, in the order in which the data names them.
  const related = [...labels.keys()].map(parsePair);
  const ordered = document.candidatePairs ?? [...related, ...pairs.filter((pair) => !isRelated(pair))];
  return { pairs: ordered, targets: ordered.map(([head, tail]) => labels.get(`${head}/${tail}`) ?? [NO_RELATION]) };
}

function labelsByPair(document: Document, config: GainConfig): ReadonlyMap<string, readonly number[]> {
  const labelIds = new Map(config.relations.map((relation, index) => [relation, index + 1]));
  const found = new Map<string, Set<number>>();
  for (const { head, tail, relation } of document.relations) {
    const labelId = labelIds.get(relation);
    if (labelId === undefined) {
      throw new RangeError(
        `document "${document.id}" must use the config's ${labelIds.size} relations only, got "${relation}". ` +
          `Add it to relations, or take the fact out of the document.`,
      );
    }
    const labels = found.get(`${head}/${tail}`) ?? new Set();
    found.set(`${head}/${tail}`, labels.add(labelId));
  }
  return new Map([...found].map(([pair, labels]) => [pair, [...labels].toSorted((left, right) => left - right)]));
}

function parsePair(key: string): EntityPair {
  const [head, tail] = key.split("/").map(Number);
  return [head as number, tail as number];
}
