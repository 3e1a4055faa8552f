import { type Document, documentPairs, type EntityPair } from "@relatum/datasets";

import { buildEntityGraph, type EntityGraph, MENTION_EDGES, mentionGraphOf } from "./graphs.ts";
import { layOutMentions, wordPlaces } from "./mentions.ts";

/** A graph as something that draws takes it. */
export interface DrawnGraph {
  readonly title: string;
  /** `group` is the entity; -1 for the document. */
  readonly nodes: readonly { readonly label: string; readonly group: number }[];
  readonly kinds: readonly string[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly kind: string }[];
  /** The paths between two entities. */
  readonly paths: readonly (readonly number[])[];
}

/** What legends call the edges of the mention graph. */
const EDGE_NAMES = {
  intraEntity: "intra-entity edge",
  interEntity: "inter-entity edge",
  document: "document edge",
} as const;

const LINK_NAME = "named in one sentence";

/**
 * Describes a document's mention graph and its entity graph, with the paths of one pair of entities.
 *
 * @param pair Two entities; without it, the first related pair of no common sentence that has a path, or else the pair
 *   that has the most.
 * @throws {RangeError} If the document has no such entity.
 */
export function describeGraphs(document: Document, pair?: EntityPair): DrawnGraph[] {
  for (const entity of pair ?? []) {
    if (document.entities[entity] !== undefined) continue;
    throw new RangeError(`pair must hold numbers below the ${document.entities.length} entities, got ${entity}.`);
  }
  const entityGraph = buildEntityGraph(document);
  const chosen = pair ?? choosePair(document, entityGraph);
  return [describeMentions(document), describeEntities(document, entityGraph, chosen)];
}

function describeMentions(document: Document): DrawnGraph {
  const layout = layOutMentions(document, wordPlaces(document));
  const { edges } = mentionGraphOf(layout);
  return {
    title: `Mention graph of "${document.id}"`,
    nodes: layout.nodes.map(({ entity, name }) => ({ label: entity < 0 ? "document" : name, group: entity })),
    kinds: MENTION_EDGES.map((kind) => EDGE_NAMES[kind]),
    edges: MENTION_EDGES.flatMap((kind) => edges[kind].map(([from, to]) => ({ from, to, kind: EDGE_NAMES[kind] }))),
    paths: [],
  };
}

function describeEntities({ entities }: Document, graph: EntityGraph, pair: EntityPair | undefined): DrawnGraph {
  const nameOf = (entity: number): string => entities[entity]?.mentions[0]?.name ?? "without mention";
  const shown = pair?.map((entity) => `${entity} ${nameOf(entity)}`).join(" and ");
  return {
    title: shown === undefined ? "Entity graph" : `Entity graph, paths between ${shown}`,
    nodes: entities.map((_, entity) => ({ label: `${entity} ${nameOf(entity)}`, group: entity })),
    kinds: [LINK_NAME],
    edges: graph.edges.map(([from, to]) => ({ from, to, kind: LINK_NAME })),
    paths: pair === undefined ? [] : graph.middles(...pair).map((middle) => [pair[0], middle, pair[1]]),
  };
}

function choosePair(document: Document, graph: EntityGraph): EntityPair | undefined {
  const links = new Set(graph.edges.map(String));
  const inferred = document.relations.find(
    ({ head, tail }) => !links.has(`${head},${tail}`) && graph.middles(head, tail).length > 0,
  );
  if (inferred !== undefined) return [inferred.head, inferred.tail];
  const counted = documentPairs(document).map((pair) => ({ pair, count: graph.middles(...pair).length }));
  const most = Math.max(...counted.map(({ count }) => count));
  return most > 0 ? counted.find(({ count }) => count === most)?.pair : undefined;
}
