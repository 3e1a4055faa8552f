import type { Document, EntityPair, Extraction, SentenceExtraction, Span } from "@relatum/datasets";

import type { PairExplanation } from "../adapter.ts";
import { round } from "./learning-curves.ts";

/** The predictions of one run, for people to read. */
export interface ReaderRun {
  /** `ATLOP, sample-world test, seed 66`. */
  readonly label: string;
  readonly documents: readonly ReaderDocument[];
}

/** A document with what was found in it. */
export interface ReaderDocument {
  readonly id: string;
  readonly sentences: readonly (readonly string[])[];
  readonly entities: readonly ReaderEntity[];
  /** Those found, the surest first, then those missed. */
  readonly relations: readonly ReaderRelation[];
}

/** An entity, given or found. */
export interface ReaderEntity {
  readonly name: string;
  readonly type: string;
  readonly mentions: readonly (readonly [sentence: number, start: number, end: number])[];
  /** Of models that find entities. */
  readonly verdict?: Verdict;
  /** The type that was found, where it is another one. */
  readonly foundType?: string;
}

/** A relation, labelled or found. */
export interface ReaderRelation {
  readonly head: number;
  readonly tail: number;
  readonly relation: string;
  readonly verdict: Verdict;
  readonly score?: number;
  /** Numbers of the sentences that support it, by the labels. */
  readonly evidence?: readonly number[];
  readonly explanation?: PairExplanation;
}

/** What is to be said of something found or labelled; `unknown` where there are no labels. */
export type Verdict = "right" | "missed" | "wrong" | "unknown";

/** Sets what was found in a document beside its labels. */
export function readDocument(document: Document, found: Extraction): ReaderDocument {
  const { id, sentences } = document;
  if (found.task === "sentence") return { id, sentences, ...readSpans(document, found) };
  const relations = found.relations.filter(({ documentId }) => documentId === id);
  const entities = document.entities.map(({ mentions }): ReaderEntity => ({
    name: mentions[0]?.name ?? "without mention",
    type: mentions[0]?.type ?? "",
    mentions: mentions.map(({ sentence, start, end }) => [sentence, start, end]),
  }));
  return { id, sentences, entities, relations: judge(document, relations) };
}

/** The pairs that a document's relations are about, each once. */
export function relatedPairs({ relations }: ReaderDocument): EntityPair[] {
  return [...new Map(relations.map(({ head, tail }) => [`${head} ${tail}`, [head, tail] as const])).values()];
}

/** A document with what the model goes by for some of its pairs. */
export function withExplanations(
  document: ReaderDocument,
  explanations: readonly (readonly [pair: EntityPair, explanation: PairExplanation])[],
): ReaderDocument {
  const byPair = new Map(explanations.map(([pair, explanation]) => [pair.join(" "), explanation]));
  const relations = document.relations.map((relation) => {
    const explanation = byPair.get(`${relation.head} ${relation.tail}`);
    return explanation === undefined ? relation : { ...relation, explanation: shorten(explanation) };
  });
  return { ...document, relations };
}

interface FoundRelation {
  readonly head: number;
  readonly tail: number;
  readonly relation: string;
  readonly score: number;
}

function judge(
  { relations: labelled, labelled: isLabelled }: Document,
  found: readonly FoundRelation[],
): ReaderRelation[] {
  const keyOf = ({ head, tail, relation }: Omit<FoundRelation, "score">): string => `${head} ${tail} ${relation}`;
  const facts = new Map(labelled.map((fact) => [keyOf(fact), fact]));
  const foundKeys = new Set(found.map(keyOf));
  const evidenceOf = (key: string): Pick<ReaderRelation, "evidence"> => {
    const evidence = facts.get(key)?.evidence ?? [];
    return evidence.length > 0 ? { evidence } : {};
  };
  const judged = found
    .toSorted((one, other) => other.score - one.score)
    .map(({ head, tail, relation, score }): ReaderRelation => {
      const key = keyOf({ head, tail, relation });
      const verdict = isLabelled ? (facts.has(key) ? "right" : "wrong") : "unknown";
      return { head, tail, relation, verdict, score: round(score, 3), ...evidenceOf(key) };
    });
  const missed = [...facts].filter(([key]) => !foundKeys.has(key));
  return [
    ...judged,
    ...missed.map(([key, { head, tail, relation }]): ReaderRelation => {
      return { head, tail, relation, verdict: "missed", ...evidenceOf(key) };
    }),
  ];
}

/** Spans and relations between them: labelled entities first, then the spans that are none. */
function readSpans(
  document: Document,
  { spans, relations }: SentenceExtraction,
): Pick<ReaderDocument, "entities" | "relations"> {
  const nameOf = ({ sentence, start, end }: Span): string =>
    (document.sentences[sentence] ?? []).slice(start, end).join(" ");
  const own = spans.filter(({ documentId }) => documentId === document.id);
  const types = new Map(own.map((span) => [placeOf(span), span.type]));
  const numbers = new Map<string, number>();
  const entities: ReaderEntity[] = document.entities.flatMap(({ mentions }, number) =>
    mentions.slice(0, 1).map((mention): ReaderEntity => {
      const { name, type, sentence, start, end } = mention;
      numbers.set(placeOf(mention), number);
      const foundType = types.get(placeOf(mention));
      const verdict = foundType === undefined ? "missed" : foundType === type ? "right" : "wrong";
      const other = verdict === "wrong" && foundType !== undefined ? { foundType } : {};
      return {
        name,
        type,
        mentions: [[sentence, start, end]],
        verdict: document.labelled ? verdict : "unknown",
        ...other,
      };
    }),
  );
  const add = (span: Span, type: string): number => {
    const known = numbers.get(placeOf(span));
    if (known !== undefined) return known;
    const verdict = document.labelled ? "wrong" : "unknown";
    entities.push({ name: nameOf(span), type, mentions: [[span.sentence, span.start, span.end]], verdict });
    numbers.set(placeOf(span), entities.length - 1);
    return entities.length - 1;
  };
  for (const span of own) add(span, span.type);
  const found = relations
    .filter(({ documentId }) => documentId === document.id)
    .map(({ head, tail, headType = "", tailType = "", relation, score }) => {
      return { head: add(head, headType), tail: add(tail, tailType), relation, score };
    });
  return { entities, relations: judge(document, found) };
}

function placeOf({ sentence, start, end }: Span): string {
  return `${sentence} ${start} ${end}`;
}

/** Weights with as many digits as shades can show. */
function shorten({ title, words, paths }: PairExplanation): PairExplanation {
  return {
    title,
    ...(words && { words: words.map((weights) => weights.map((weight) => round(weight, 4))) }),
    ...(paths && { paths }),
  };
}
