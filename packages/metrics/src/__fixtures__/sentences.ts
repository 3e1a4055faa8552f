import type { Document, Span, SpanRelation, TypedSpan } from "@relatum/datasets";

/** A place in short: words `start` up to `end` of the only sentence. */
export type Place = readonly [start: number, end: number];

/** A relation in short: place of the head, name, place of the tail. */
export type PlacedTriple = readonly [head: Place, relation: string, tail: Place];

/** A labelled document of one sentence; a relation is of the first entities on its places. */
export function sentenceOf(
  id: string,
  spans: readonly (readonly [...Place, type: string])[],
  facts: readonly PlacedTriple[],
): Document {
  const numberOf = ([start, end]: Place): number => spans.findIndex((span) => span[0] === start && span[1] === end);
  return {
    id,
    sentences: [],
    entities: spans.map(([start, end, type]) => ({ mentions: [{ name: "", type, sentence: 0, start, end }] })),
    relations: facts.map(([head, relation, tail]) => ({
      head: numberOf(head),
      tail: numberOf(tail),
      relation,
      evidence: [0],
    })),
    labelled: true,
  };
}

/** A found span. */
export function spanOf(documentId: string, [start, end]: Place, type: string): TypedSpan {
  return { documentId, sentence: 0, start, end, type, score: 1 };
}

/** A found relation between spans. */
export function spanRelationOf(documentId: string, [head, relation, tail]: PlacedTriple): SpanRelation {
  const place = ([start, end]: Place): Span => ({ sentence: 0, start, end });
  return { documentId, head: place(head), tail: place(tail), relation, score: 1 };
}
