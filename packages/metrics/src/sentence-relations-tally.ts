import type { Document, Mention, SentenceExtraction, Span, SpanRelation, TypedSpan } from "@relatum/datasets";

import type { Counts } from "./counts.ts";
import { requireLabelled } from "./gold-facts.ts";

/**
 * What counts as one prediction, and as right.
 *
 * - `paper`: as PURE's paper defines it (section 4.1). Each prediction counts once, however often it is made, and so does
 *   each gold label. A relation is right in Rel+ if its own head and tail have the right types.
 * - `pure`: as the script `run_eval.py` of the paper's authors counts. Repeated predictions count each time, as predicted and
 *   as right, and so do repeated labels; for Rel+ head and tail must stand on spans that have some right type; a gold mention
 *   with a flavor is never found.
 *
 * They agree where no span has two types and nothing is repeated, as in what PURE finds in SciERC.
 */
export type SentenceConvention = "paper" | "pure";

/** What scoring of spans and relations between them may take besides gold and predictions. */
export interface SentenceScoreOptions {
  /** `paper` without it. */
  readonly convention?: SentenceConvention;
  /** Relations that hold both ways (`CONJUNCTION`, `COMPARE`, `PER-SOC`), for the convention `paper`; none without it. */
  readonly symmetricRelations?: readonly string[];
}

/** What a model finds in sentences. */
export type FoundInSentences = Pick<SentenceExtraction, "spans" | "relations">;

type MutableCounts = { -readonly [Name in keyof Counts]: number };

/** Counts by label: entity type or relation name. */
export type LabelCounts = ReadonlyMap<string, Readonly<MutableCounts>>;

/** Counts of one document by label. */
export interface SentenceTally {
  readonly documentId: string;
  readonly entities: LabelCounts;
  readonly relations: LabelCounts;
  readonly strictRelations: LabelCounts;
}

/** Labels and predictions of one document: mentions of one-mention entities, and relations between their places. */
export interface SentencePair {
  readonly documentId: string;
  readonly goldSpans: readonly Mention[];
  readonly goldRelations: readonly SpanPair[];
  readonly foundSpans: readonly TypedSpan[];
  readonly foundRelations: readonly SpanRelation[];
}

/** A relation by the places of its head and tail. */
export type SpanPair = Pick<SpanRelation, "head" | "tail" | "relation">;

/**
 * Brings labels and predictions together by document: the gold ones first, then unknown ones that have predictions.
 *
 * Gold documents of one id are taken for one.
 *
 * @throws {TypeError} If a gold document has no labels, or an entity of several mentions.
 */
export function pairSentences(gold: readonly Document[], found: FoundInSentences): SentencePair[] {
  requireLabelled(gold);
  const pairs = new Map<string, MutablePair>();
  const of = (documentId: string): MutablePair => {
    const known = pairs.get(documentId);
    if (known !== undefined) return known;
    const pair = { documentId, goldSpans: [], goldRelations: [], foundSpans: [], foundRelations: [] };
    pairs.set(documentId, pair);
    return pair;
  };
  for (const [index, { id, entities, relations }] of gold.entries()) {
    const mentions = entities.map((entity, number) =>
      onlyMention(entity.mentions, `gold[${index}].entities[${number}]`),
    );
    const { goldSpans, goldRelations } = of(id);
    goldSpans.push(...mentions);
    for (const { head, tail, relation } of relations) {
      const [headMention, tailMention] = [mentions[head], mentions[tail]];
      if (headMention !== undefined && tailMention !== undefined) {
        goldRelations.push({ head: headMention, tail: tailMention, relation });
      }
    }
  }
  for (const span of found.spans) of(span.documentId).foundSpans.push(span);
  for (const relation of found.relations) of(relation.documentId).foundRelations.push(relation);
  return [...pairs.values()];
}

/**
 * Counts gold, found and right spans and relations of each document by label.
 *
 * @throws {TypeError} If a gold document has no labels, or an entity of several mentions.
 * @throws {RangeError} If symmetric relations are given to the convention `pure`, which knows none.
 */
export function tallySentences(
  gold: readonly Document[],
  found: FoundInSentences,
  { convention = "paper", symmetricRelations = [] }: SentenceScoreOptions,
): SentenceTally[] {
  if (convention === "pure" && symmetricRelations.length > 0) {
    throw new RangeError(
      `symmetricRelations must be left out with the convention "pure", got ${symmetricRelations[0]}.`,
    );
  }
  const symmetric = new Set(symmetricRelations);
  return pairSentences(gold, found).map((pair) =>
    convention === "pure" ? tallyAsScript(pair) : tallyAsPaper(pair, symmetric),
  );
}

/** The text of a place within its document. */
export function spanKey({ sentence, start, end }: Span): string {
  return `${sentence} ${start} ${end}`;
}

/** The text of a relation within its document; that of a symmetric one does not tell head from tail. */
export function pairKey({ head, tail, relation }: SpanPair, symmetric: ReadonlySet<string>): string {
  const [one, other] = [spanKey(head), spanKey(tail)];
  const places = symmetric.has(relation) && other < one ? [other, one] : [one, other];
  return [...places, relation].join(" ");
}

/** The types of each place, by {@link spanKey}. */
export function typesByPlace(spans: readonly (Span & { readonly type: string })[]): ReadonlyMap<string, Set<string>> {
  const types = new Map<string, Set<string>>();
  for (const span of spans) {
    const key = spanKey(span);
    const known = types.get(key);
    if (known === undefined) types.set(key, new Set([span.type]));
    else known.add(span.type);
  }
  return types;
}

/** Whether a relation's head and tail have right types: the ones it was found with, else any found on their spans. */
export function hasRightTypes(
  { head, tail, headType, tailType }: SpanRelation,
  gold: ReadonlyMap<string, ReadonlySet<string>>,
  found: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  const isRight = (span: Span, type: string | undefined): boolean => {
    const right = gold.get(spanKey(span));
    const types = type === undefined ? [...(found.get(spanKey(span)) ?? [])] : [type];
    return types.some((each) => right?.has(each));
  };
  return isRight(head, headType) && isRight(tail, tailType);
}

/** Each of the items once: the first of those of one key. */
export function distinct<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item> {
  const kept = new Map<string, Item>();
  for (const item of items) {
    const key = keyOf(item);
    if (!kept.has(key)) kept.set(key, item);
  }
  return kept;
}

function tallyAsPaper(pair: SentencePair, symmetric: ReadonlySet<string>): SentenceTally {
  const entities = new Tally();
  const typedKey = (span: Span & { readonly type: string }): string => `${spanKey(span)} ${span.type}`;
  const goldSpans = distinct(pair.goldSpans, typedKey);
  for (const { type } of goldSpans.values()) entities.add(type, "gold");
  for (const [key, { type }] of distinct(pair.foundSpans, typedKey)) {
    entities.add(type, "predicted");
    if (goldSpans.has(key)) entities.add(type, "correct");
  }

  const [relations, strictRelations] = [new Tally(), new Tally()];
  const addToBoth = (relation: string, count: keyof Counts): void => {
    for (const tally of [relations, strictRelations]) tally.add(relation, count);
  };
  const keyOf = (relation: SpanPair): string => pairKey(relation, symmetric);
  const [goldTypes, foundTypes] = [typesByPlace(pair.goldSpans), typesByPlace(pair.foundSpans)];
  const goldRelations = distinct(pair.goldRelations, keyOf);
  for (const { relation } of goldRelations.values()) addToBoth(relation, "gold");
  for (const [key, found] of distinct(pair.foundRelations, keyOf)) {
    addToBoth(found.relation, "predicted");
    if (!goldRelations.has(key)) continue;
    relations.add(found.relation, "correct");
    if (hasRightTypes(found, goldTypes, foundTypes)) strictRelations.add(found.relation, "correct");
  }
  return tallyOf(pair, entities, relations, strictRelations);
}

function tallyAsScript(pair: SentencePair): SentenceTally {
  const entities = new Tally();
  const typed = pair.goldSpans.filter(({ flavor }) => flavor === undefined);
  const [goldTypes, rightPlaces] = [typesByPlace(typed), new Set<string>()];
  for (const { type } of pair.goldSpans) entities.add(type, "gold");
  for (const span of pair.foundSpans) {
    entities.add(span.type, "predicted");
    if (goldTypes.get(spanKey(span))?.has(span.type) !== true) continue;
    entities.add(span.type, "correct");
    rightPlaces.add(spanKey(span));
  }

  const [relations, strictRelations] = [new Tally(), new Tally()];
  const addToBoth = (relation: string, count: keyof Counts): void => {
    for (const tally of [relations, strictRelations]) tally.add(relation, count);
  };
  const directed: ReadonlySet<string> = new Set();
  const goldKeys = new Set(pair.goldRelations.map((relation) => pairKey(relation, directed)));
  for (const { relation } of pair.goldRelations) addToBoth(relation, "gold");
  for (const found of pair.foundRelations) {
    addToBoth(found.relation, "predicted");
    if (!goldKeys.has(pairKey(found, directed))) continue;
    relations.add(found.relation, "correct");
    const isStrict = rightPlaces.has(spanKey(found.head)) && rightPlaces.has(spanKey(found.tail));
    if (isStrict) strictRelations.add(found.relation, "correct");
  }
  return tallyOf(pair, entities, relations, strictRelations);
}

/** Counts that grow. */
class Tally {
  readonly counts = new Map<string, MutableCounts>();

  add(label: string, name: keyof Counts): void {
    const known = this.counts.get(label) ?? { correct: 0, predicted: 0, gold: 0 };
    known[name] += 1;
    this.counts.set(label, known);
  }
}

function tallyOf(
  { documentId }: SentencePair,
  entities: Tally,
  relations: Tally,
  strictRelations: Tally,
): SentenceTally {
  return {
    documentId,
    entities: entities.counts,
    relations: relations.counts,
    strictRelations: strictRelations.counts,
  };
}

interface MutablePair extends SentencePair {
  readonly goldSpans: Mention[];
  readonly goldRelations: SpanPair[];
  readonly foundSpans: TypedSpan[];
  readonly foundRelations: SpanRelation[];
}

function onlyMention(mentions: readonly Mention[], place: string): Mention {
  const [mention, ...others] = mentions;
  if (mention !== undefined && others.length === 0) return mention;
  throw new TypeError(
    `${place} must have one mention to be scored as a span, got ${mentions.length}. ` +
      "sentenceDocuments of @relatum/datasets makes documents of such entities.",
  );
}
