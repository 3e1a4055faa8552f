import type { Document, Entity, Mention, RelationFact } from "./document.ts";
import type { Span, TypedSpan } from "./extraction.ts";
import { requireUniqueIds } from "./labels.ts";

/**
 * Documents as models of single sentences see them: an entity for each mention, relations within one sentence.
 *
 * A relation is repeated for every two mentions of its head and its tail in one sentence, if the sentence is among its
 * evidence or no evidence is told. What has no such sentence is dropped: facts across sentences and inferred ones; so are
 * which mentions name one entity, the entities' keys and the candidate pairs. Documents whose entities all have one
 * mention, and whose relations all lie within a sentence, such as SciERC's, are given back as they are.
 */
export function sentenceDocuments(documents: readonly Document[]): Document[] {
  return documents.map((document) => (isSentenceDocument(document) ? document : toSentenceDocument(document)));
}

/**
 * Documents whose entities are found spans, for a relation model to read, or to learn from (jack-knifing).
 *
 * The spans of a document become its entities, sentence by sentence, repeated ones too. Relations between spans that were
 * found stay, whatever type was found; the others are gone, so that scores need the documents as they were before.
 *
 * @throws {RangeError} If two documents have one id, a span lies outside its sentence or belongs to no document, or
 *   a document has entities of several mentions ({@link sentenceDocuments} helps).
 */
export function withFoundSpans(documents: readonly Document[], spans: readonly TypedSpan[]): Document[] {
  requireUniqueIds(documents);
  const byDocument = new Map(documents.map(({ id }): [string, TypedSpan[]] => [id, []]));
  for (const span of spans) {
    const found = byDocument.get(span.documentId);
    if (found === undefined)
      throw new RangeError(`spans must be of the documents given, got one of "${span.documentId}".`);
    found.push(span);
  }
  return documents.map((document) => replaceEntities(document, byDocument.get(document.id) ?? []));
}

/** A document with found spans for entities; see {@link withFoundSpans}. */
export function replaceEntities(document: Document, spans: readonly TypedSpan[]): Document {
  const { id, sentences, relations, labelled, extras } = document;
  const ordered = spans.toSorted((one, other) => one.sentence - other.sentence);
  const entities = ordered.map((span): Entity => ({ mentions: [toMention(span, sentences)] }));
  const index = new SpanIndex(entities.map((entity, number) => onlyMention(entity, id, number)));
  const kept = relations.flatMap((fact): RelationFact[] => {
    const pair = index.findPair(mentionOf(document, fact.head), mentionOf(document, fact.tail));
    return pair === undefined ? [] : [{ ...fact, ...pair }];
  });
  return { id, sentences, entities, relations: kept, labelled, ...(extras && { extras }) };
}

/** Finds the entities that stand on spans. */
export class SpanIndex {
  readonly #numbers = new Map<string, number[]>();

  /** @param spans One for each entity, in order. */
  constructor(spans: readonly Span[]) {
    for (const [number, span] of spans.entries()) {
      const known = this.#numbers.get(spanKey(span));
      if (known === undefined) this.#numbers.set(spanKey(span), [number]);
      else known.push(number);
    }
  }

  /** The first entity on each span; of one span related to itself the first two, where there are two. */
  findPair(head: Span, tail: Span): { readonly head: number; readonly tail: number } | undefined {
    const heads = this.#numbers.get(spanKey(head)) ?? [];
    const tails = this.#numbers.get(spanKey(tail)) ?? [];
    const first = heads[0];
    const second = heads === tails ? (tails[1] ?? tails[0]) : tails[0];
    return first === undefined || second === undefined ? undefined : { head: first, tail: second };
  }
}

/** The only mention of an entity of a sentence-level document, with errors that name the place. */
export function onlyMention(entity: Entity | undefined, place: string, number: number): Mention {
  const [mention, ...others] = entity?.mentions ?? [];
  if (mention !== undefined && others.length === 0) return mention;
  throw new RangeError(
    `${place}: entity ${number} must have one mention, got ${entity?.mentions.length ?? 0}. ` +
      "sentenceDocuments makes documents of such entities.",
  );
}

function mentionOf({ id, entities }: Document, number: number): Mention {
  return onlyMention(entities[number], id, number);
}

function toMention({ documentId, sentence, start, end, type }: TypedSpan, sentences: Document["sentences"]): Mention {
  const words = sentences[sentence];
  if (words === undefined || start < 0 || end <= start || end > words.length) {
    throw new RangeError(
      `spans of "${documentId}" must lie inside their sentences, got ${start}–${end} in sentence ${sentence} ` +
        `(${words?.length ?? 0} words).`,
    );
  }
  return { name: words.slice(start, end).join(" "), type, sentence, start, end };
}

function spanKey({ sentence, start, end }: Span): string {
  return `${sentence} ${start} ${end}`;
}

function isSentenceDocument({ entities, relations, candidatePairs }: Document): boolean {
  if (candidatePairs !== undefined || entities.some(({ mentions }) => mentions.length !== 1)) return false;
  return relations.every(({ head, tail }) => {
    return entities[head]?.mentions[0]?.sentence === entities[tail]?.mentions[0]?.sentence;
  });
}

function toSentenceDocument({ id, sentences, entities, relations, labelled, extras }: Document): Document {
  const mentions = entities
    .flatMap((entity, number) => entity.mentions.map((mention) => ({ mention, number })))
    .toSorted((one, other) => one.mention.sentence - other.mention.sentence || one.mention.start - other.mention.start);
  const placesOf = new Map<number, number[]>();
  for (const [place, { number }] of mentions.entries()) {
    placesOf.set(number, [...(placesOf.get(number) ?? []), place]);
  }
  const facts = relations.flatMap(({ head, tail, relation, evidence }) => {
    return (placesOf.get(head) ?? []).flatMap((headPlace) =>
      (placesOf.get(tail) ?? []).flatMap((tailPlace): RelationFact[] => {
        const sentence = mentions[headPlace]?.mention.sentence;
        if (sentence === undefined || sentence !== mentions[tailPlace]?.mention.sentence) return [];
        const supported = evidence.length === 0 || evidence.includes(sentence);
        return supported ? [{ head: headPlace, tail: tailPlace, relation, evidence: [sentence] }] : [];
      }),
    );
  });
  return {
    id,
    sentences,
    entities: mentions.map(({ mention }) => ({ mentions: [mention] })),
    relations: facts,
    labelled,
    ...(extras && { extras }),
  };
}
