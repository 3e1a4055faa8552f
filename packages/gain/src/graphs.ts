import type { Document } from "@relatum/datasets";

import { layOutMentions, type MentionLayout, wordPlaces } from "./mentions.ts";

/** The kinds of edges in a mention graph, in the order of the model's weights. */
export const MENTION_EDGES = ["intraEntity", "interEntity", "document"] as const;

/** One of {@link MENTION_EDGES}: within an entity, between entities named in one sentence, to and from the document. */
export type MentionEdge = (typeof MENTION_EDGES)[number];

/** A directed edge: what `from` says reaches `to`. */
export type GraphEdge = readonly [from: number, to: number];

/** The paper's MG: node 0 is the document, the others are mentions. */
export interface MentionGraph {
  readonly nodeCount: number;
  readonly edges: Readonly<Record<MentionEdge, readonly GraphEdge[]>>;
}

/** The paper's EG: entities, linked where one sentence names both. */
export interface EntityGraph {
  readonly entityCount: number;
  /** Both directions of each link, by head, then tail. */
  readonly edges: readonly GraphEdge[];
  /** The entities, ascending, that two-hop paths from head to tail pass through; a link of their own is no path. */
  middles(head: number, tail: number): readonly number[];
}

/** Builds the mention graph of a document that is read word by word. */
export function buildMentionGraph(document: Pick<Document, "entities" | "sentences">): MentionGraph {
  return mentionGraphOf(layOutMentions(document, wordPlaces(document)));
}

/** Builds the entity graph of a document that is read word by word. */
export function buildEntityGraph(document: Pick<Document, "entities" | "sentences">): EntityGraph {
  return entityGraphOf(layOutMentions(document, wordPlaces(document)));
}

/**
 * Builds the mention graph of mentions that stand on tokens.
 *
 * Where there is no edge within an entity, or none between entities, the authors' code puts one from the first entity's
 * first mention to the document; so does this, if that mention is there. A mention that lost its tokens to others is in
 * no sentence: it has edges to its entity's other mentions alone.
 */
export function mentionGraphOf({ entityMentions, nodes, sentenceMentions }: MentionLayout): MentionGraph {
  const intraEntity = entityMentions.flatMap((mentions) => linkAll(mentions));
  const interEntity = sentenceMentions.flatMap((mentions) =>
    linkAll(mentions).filter(([from, to]) => nodes[from]?.entity !== nodes[to]?.entity),
  );
  const named = [...new Set(sentenceMentions.flat())].toSorted((left, right) => left - right);
  const document = named.flatMap((mention): GraphEdge[] => [
    [mention, 0],
    [0, mention],
  ]);
  const first = entityMentions[0]?.[0];
  const substitute: GraphEdge[] = first === undefined ? [] : [[first, 0]];
  return {
    nodeCount: nodes.length,
    edges: {
      intraEntity: intraEntity.length > 0 ? intraEntity : substitute,
      interEntity: interEntity.length > 0 ? interEntity : substitute,
      document,
    },
  };
}

/** Builds the entity graph of mentions that stand on tokens. */
export function entityGraphOf({ entityMentions, nodes, sentenceMentions }: MentionLayout): EntityGraph {
  const neighbours = entityMentions.map(() => new Set<number>());
  for (const mentions of sentenceMentions) {
    const entities = [...new Set(mentions.map((mention) => nodes[mention]?.entity as number))];
    for (const [from, to] of linkAll(entities)) neighbours[from]?.add(to);
  }
  const sorted = neighbours.map((numbers) => [...numbers].toSorted((left, right) => left - right));
  return {
    entityCount: entityMentions.length,
    edges: sorted.flatMap((numbers, head) => numbers.map((tail): GraphEdge => [head, tail])),
    middles: (head, tail) => (sorted[head] ?? []).filter((middle) => neighbours[tail]?.has(middle)),
  };
}

/** Every ordered pair of two different members. */
function linkAll(members: readonly number[]): GraphEdge[] {
  return members.flatMap((from) => members.filter((to) => to !== from).map((to): GraphEdge => [from, to]));
}
