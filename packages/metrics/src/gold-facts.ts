import type { Document, Entity, EntityRelation, RelationFact } from "@relatum/datasets";

/** The gold documents of one id: the entities by number, and the facts by {@link relationKey}. */
export interface GoldDocument {
  readonly entities: readonly Entity[];
  readonly facts: ReadonlyMap<string, RelationFact>;
}

/** Gold documents arranged for look-up. */
export interface GoldFacts {
  readonly documents: ReadonlyMap<string, GoldDocument>;
  /** Distinct facts. */
  readonly factCount: number;
  /** Evidence sentences summed over the labels; a fact that is labelled twice counts twice, as in the official script. */
  readonly evidenceCount: number;
}

/** What tells one relation of a document from another. */
export type RelationName = Pick<EntityRelation, "head" | "tail" | "relation">;

/**
 * Arranges gold documents for look-up.
 *
 * Documents of one id are taken for one, as the official scripts do: their facts are put together, and the entities
 * are those of the last. Of a fact labelled twice the last evidence holds.
 *
 * @throws {TypeError} If a document has no labels.
 */
export function collectGoldFacts(gold: readonly Document[]): GoldFacts {
  requireLabelled(gold);
  const documents = new Map<string, { entities: readonly Entity[]; facts: Map<string, RelationFact> }>();
  let evidenceCount = 0;
  for (const document of gold) {
    const facts = documents.get(document.id)?.facts ?? new Map<string, RelationFact>();
    for (const fact of document.relations) {
      facts.set(relationKey(fact), fact);
      evidenceCount += fact.evidence.length;
    }
    documents.set(document.id, { entities: document.entities, facts });
  }
  const factCount = [...documents.values()].reduce((sum, { facts }) => sum + facts.size, 0);
  return { documents, factCount, evidenceCount };
}

/**
 * Checks that documents can be scored against.
 *
 * @throws {TypeError} If one has no labels.
 */
export function requireLabelled(gold: readonly Document[]): void {
  const index = gold.findIndex(({ labelled }) => !labelled);
  if (index < 0) return;
  throw new TypeError(
    `gold[${index}] must be labelled to score against, got "${gold[index]?.id}" without labels. ` +
      "Relations can be predicted for such documents, not scored.",
  );
}

/** The text under which a relation is looked up within its document. */
function relationKey({ head, tail, relation }: RelationName): string {
  return `${head} ${tail} ${relation}`;
}

/** The gold fact that a predicted relation states, if it is true. */
export function findFact(gold: GoldFacts, relation: EntityRelation): RelationFact | undefined {
  return gold.documents.get(relation.documentId)?.facts.get(relationKey(relation));
}

/** Whether head and tail have mentions in one sentence; false for entities that the document does not have. */
export function sharesSentence(document: GoldDocument | undefined, head: number, tail: number): boolean {
  const headSentences = new Set(document?.entities[head]?.mentions.map(({ sentence }) => sentence));
  return document?.entities[tail]?.mentions.some(({ sentence }) => headSentences.has(sentence)) ?? false;
}

/** Whether a known fact has any name of the head, the relation, and any name of the tail. */
export function isKnownFact(document: GoldDocument, fact: RelationName, knownFacts: ReadonlySet<string>): boolean {
  const tailNames = document.entities[fact.tail]?.mentions.map(({ name }) => name) ?? [];
  return (document.entities[fact.head]?.mentions ?? []).some(({ name: headName }) =>
    tailNames.some((tailName) => knownFacts.has(JSON.stringify([headName, tailName, fact.relation]))),
  );
}

/**
 * Keeps one of the relations that say the same: the first, or the first of the highest score.
 *
 * @returns The kept relations, those of one document together.
 */
export function keepOnePerFact(relations: readonly EntityRelation[], keep: "first" | "best"): EntityRelation[] {
  const byDocument = new Map<string, EntityRelation[]>();
  for (const relation of relations) {
    const found = byDocument.get(relation.documentId);
    if (found === undefined) byDocument.set(relation.documentId, [relation]);
    else found.push(relation);
  }
  return [...byDocument.values()].flatMap((found) => {
    const kept = new Map<string, EntityRelation>();
    for (const relation of found) {
      const key = relationKey(relation);
      const earlier = kept.get(key);
      if (earlier === undefined || (keep === "best" && relation.score > earlier.score)) kept.set(key, relation);
    }
    return [...kept.values()];
  });
}
