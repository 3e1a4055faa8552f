import type { Document, Span } from "@relatum/datasets";

import {
  distinct,
  type FoundInSentences,
  hasRightTypes,
  pairKey,
  pairSentences,
  type SentencePair,
  type SentenceScoreOptions,
  spanKey,
  type SpanPair,
  typesByPlace,
} from "./sentence-relations-tally.ts";

/** Why a relation is missed or wrong: the first of these that holds. */
export const RELATION_ERROR_CAUSES = ["span", "type", "relation", "direction", "pair"] as const;

/**
 * Why a relation is missed or wrong.
 *
 * - `span`: head or tail is no span on the other side: not found, or not in the gold.
 * - `type`: both are, but one of them under no type that it has on the other side.
 * - `relation`: the other side relates them under another name.
 * - `direction`: the other side relates them, under any name, the other way round alone.
 * - `pair`: the other side does not relate them.
 *
 * The first two are errors in finding entities, the others in relating them.
 */
export type RelationErrorCause = (typeof RELATION_ERROR_CAUSES)[number];

/** Where the relations that a model got wrong went wrong; counted as Rel counts, each relation once. */
export interface RelationErrors {
  /** Relations with right places and name (Rel). */
  readonly correct: number;
  /** Those of `correct` whose head or tail has a wrong type: right in Rel, wrong in Rel+. */
  readonly mistyped: number;
  /** Gold relations that were not found; their sum with `correct` is all gold relations. */
  readonly missed: Readonly<Record<RelationErrorCause, number>>;
  /** Found relations that are not gold; their sum with `correct` is all found relations. */
  readonly spurious: Readonly<Record<RelationErrorCause, number>>;
}

/** One side, gold or found, arranged for look-up. */
interface Side {
  readonly types: ReadonlyMap<string, ReadonlySet<string>>;
  readonly relations: ReadonlyMap<string, SpanPair>;
  /** Head and tail of its relations, whatever their names. */
  readonly pairs: ReadonlySet<string>;
}

/**
 * Breaks down the errors in relations, most of all how many come from errors in entities.
 *
 * @param options.symmetricRelations Relations that hold both ways; none without it.
 * @throws {TypeError} If a gold document has no labels, or an entity of several mentions.
 */
export function breakDownRelationErrors(
  gold: readonly Document[],
  found: FoundInSentences,
  { symmetricRelations = [] }: Pick<SentenceScoreOptions, "symmetricRelations"> = {},
): RelationErrors {
  const symmetric = new Set(symmetricRelations);
  const [missed, spurious] = [noErrors(), noErrors()];
  let [correct, mistyped] = [0, 0];
  for (const pair of pairSentences(gold, found)) {
    const [goldSide, foundSide] = arrange(pair, symmetric);
    for (const [key, relation] of goldSide.relations) {
      if (!foundSide.relations.has(key)) missed[causeOf(relation, goldSide, foundSide)] += 1;
    }
    for (const [key, relation] of distinct(pair.foundRelations, (each) => pairKey(each, symmetric))) {
      if (!goldSide.relations.has(key)) {
        spurious[causeOf(relation, foundSide, goldSide)] += 1;
        continue;
      }
      correct += 1;
      if (!hasRightTypes(relation, goldSide.types, foundSide.types)) mistyped += 1;
    }
  }
  return { correct, mistyped, missed, spurious };
}

/** The cause of an error in a relation of one side that the other lacks. */
function causeOf({ head, tail }: SpanPair, own: Side, other: Side): RelationErrorCause {
  const places = [spanKey(head), spanKey(tail)];
  if (places.some((place) => !other.types.has(place))) return "span";
  if (places.some((place) => !sharesType(own.types.get(place), other.types.get(place)))) return "type";
  if (other.pairs.has(placesOf(head, tail))) return "relation";
  return other.pairs.has(placesOf(tail, head)) ? "direction" : "pair";
}

function sharesType(one: ReadonlySet<string> | undefined, another: ReadonlySet<string> | undefined): boolean {
  // A relation may be found between places where no span was found: no type is wrong there.
  return one === undefined || [...one].some((type) => another?.has(type));
}

function arrange(pair: SentencePair, symmetric: ReadonlySet<string>): [gold: Side, found: Side] {
  const sideOf = (spans: SentencePair["goldSpans" | "foundSpans"], relations: readonly SpanPair[]): Side => ({
    types: typesByPlace(spans),
    relations: distinct(relations, (relation) => pairKey(relation, symmetric)),
    pairs: new Set(relations.map(({ head, tail }) => placesOf(head, tail))),
  });
  return [sideOf(pair.goldSpans, pair.goldRelations), sideOf(pair.foundSpans, pair.foundRelations)];
}

function placesOf(head: Span, tail: Span): string {
  return `${spanKey(head)} ${spanKey(tail)}`;
}

function noErrors(): Record<RelationErrorCause, number> {
  return { span: 0, type: 0, relation: 0, direction: 0, pair: 0 };
}
