import type { Document, RelationFact } from "./document.ts";
import type { SentenceExtraction, Span, SpanRelation, TypedSpan } from "./extraction.ts";
import { requireUniqueIds } from "./labels.ts";
import { firstWordsOf } from "./scierc-row.ts";
import { onlyMention } from "./sentence-documents.ts";

/** What {@link formatSciErc} writes besides the documents. */
export interface SciErcWriteOptions {
  /** What a model has found in them, as `predicted_ner` and `predicted_relations`. */
  readonly predictions?: SentenceExtraction;
  /** Whether each prediction ends in its score, which PURE's scripts do not read; true without it. */
  readonly scores?: boolean;
}

/**
 * Writes documents as SciERC's JSON lines, one a document; reading them gives the same documents.
 *
 * Keys of entities, candidate pairs and evidence have no place in the format.
 *
 * @throws {RangeError} If an entity has several mentions or a relation crosses sentences (`sentenceDocuments` helps),
 *   or predictions cannot be told to which document they belong.
 */
export function formatSciErc(
  documents: readonly Document[],
  { predictions, scores = true }: SciErcWriteOptions = {},
): string {
  const found = predictions && groupPredictions(documents, predictions);
  const lines = documents.map((document) => {
    const predicted = found?.get(document.id);
    return { ...formatDocument(document), ...(predicted && formatPredictions(document, predicted, scores)) };
  });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

interface FoundInDocument {
  readonly spans: TypedSpan[];
  readonly relations: SpanRelation[];
}

function groupPredictions(
  documents: readonly Document[],
  { spans, relations }: SentenceExtraction,
): ReadonlyMap<string, FoundInDocument> {
  requireUniqueIds(documents);
  const found = new Map(documents.map(({ id }): [string, FoundInDocument] => [id, { spans: [], relations: [] }]));
  const of = (id: string): FoundInDocument => {
    const there = found.get(id);
    if (there === undefined) throw new RangeError(`predictions must be of the documents given, got one of "${id}".`);
    return there;
  };
  for (const span of spans) of(span.documentId).spans.push(span);
  for (const relation of relations) of(relation.documentId).relations.push(relation);
  return found;
}

function formatDocument(document: Document): Record<string, unknown> {
  const { id, sentences, entities, relations, labelled, extras } = document;
  const mentions = entities.map((entity, number) => onlyMention(entity, id, number));
  const words = wordNumbers(sentences);
  const hasFlavors = mentions.some(({ flavor }) => flavor !== undefined);
  const sentenceOf = ({ head, tail }: RelationFact): number => commonSentence(mentions[head], mentions[tail], id);
  return {
    doc_key: id,
    sentences,
    ...((labelled || mentions.length > 0) && {
      ner: bySentence(
        sentences,
        mentions,
        ({ sentence }) => sentence,
        (mention) => [...words(mention), mention.type],
      ),
    }),
    ...(hasFlavors && {
      ner_flavor: bySentence(
        sentences,
        mentions,
        ({ sentence }) => sentence,
        ({ flavor }) => flavor ?? null,
      ),
    }),
    ...(labelled && {
      relations: bySentence(sentences, relations, sentenceOf, ({ head, tail, relation }) => {
        return [...[head, tail].flatMap((number) => words(mentions[number])), relation];
      }),
    }),
    ...extras,
  };
}

function formatPredictions(
  { id, sentences }: Document,
  { spans, relations }: FoundInDocument,
  scores: boolean,
): Record<string, unknown> {
  const words = wordNumbers(sentences);
  const ending = (score: number): number[] => (scores ? [score] : []);
  return {
    predicted_ner: bySentence(
      sentences,
      spans,
      ({ sentence }) => sentence,
      (span) => {
        return [...words(span), span.type, ...ending(span.score)];
      },
    ),
    predicted_relations: bySentence(
      sentences,
      relations,
      ({ head, tail }) => commonSentence(head, tail, id),
      (found) => {
        return [...words(found.head), ...words(found.tail), found.relation, ...ending(found.score)];
      },
    ),
  };
}

function commonSentence(head: Span | undefined, tail: Span | undefined, id: string): number {
  const [one, other] = [head?.sentence ?? -1, tail?.sentence ?? -1];
  if (one === other) return one;
  throw new RangeError(
    `${id}: relations must lie within one sentence, got one from ${one} to ${other}. ` +
      "sentenceDocuments leaves such relations out.",
  );
}

/** Gives the first and the last word of spans, counted in the document. */
function wordNumbers(sentences: Document["sentences"]): (span: Span | undefined) => number[] {
  const firstWords = firstWordsOf(sentences);
  return (span) => {
    if (span === undefined) return [];
    const first = firstWords[span.sentence] ?? 0;
    return [first + span.start, first + span.end - 1];
  };
}

/** A list for each sentence of what belongs to it, in order. */
function bySentence<Item>(
  sentences: Document["sentences"],
  items: readonly Item[],
  sentenceOf: (item: Item) => number,
  format: (item: Item) => unknown,
): unknown[][] {
  const lists = sentences.map((): unknown[] => []);
  for (const item of items) lists[sentenceOf(item)]?.push(format(item));
  return lists;
}
