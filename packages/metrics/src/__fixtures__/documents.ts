import type { Document, Entity, EntityRelation, RelationFact } from "@relatum/datasets";

/** A relation in short: head, relation, tail. */
export type Triple = readonly [head: number, relation: string, tail: number];

/**
 * A labelled document whose entity `n` is named `id:n` and mentioned in the sentences given; words are left out.
 *
 * @param sentences Sentence numbers by entity; eight entities, all in sentence 0, without it.
 */
export function documentOf(
  id: string,
  facts: readonly (Triple | RelationFact)[],
  sentences: readonly (readonly number[])[] = Array.from({ length: 8 }, () => [0]),
): Document {
  const entities = sentences.map((places, number): Entity => ({
    mentions: places.map((sentence) => ({ name: `${id}:${number}`, type: "T", sentence, start: 0, end: 1 })),
  }));
  const relations = facts.map((fact) => ("head" in fact ? fact : factOf(fact)));
  return { id, sentences: [], entities, relations, labelled: true };
}

/** A predicted relation; its score is 1 unless given. */
export function relationOf(documentId: string, [head, relation, tail]: Triple, score = 1): EntityRelation {
  return { documentId, head, tail, relation, score };
}

function factOf([head, relation, tail]: Triple): RelationFact {
  return { head, tail, relation, evidence: [] };
}
