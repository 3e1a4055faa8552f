/** One place where an entity is named. */
export interface Mention {
  readonly name: string;
  readonly type: string;
  /** Number of the sentence, from 0. */
  readonly sentence: number;
  /** First word, counted within the sentence. */
  readonly start: number;
  /** The word after the last one. */
  readonly end: number;
  /** A second class of the mention, where the format has one (`ner_flavor` of ACE files). */
  readonly flavor?: string;
}

/** Something the document names, with every place that names it. */
export interface Entity {
  readonly mentions: readonly Mention[];
  /** The entity's identifier in an outside vocabulary, such as MeSH, where the format has one. */
  readonly key?: string;
}

/** A labelled relation between two entities of one document. */
export interface RelationFact {
  /** Number of the head entity. */
  readonly head: number;
  /** Number of the tail entity. */
  readonly tail: number;
  readonly relation: string;
  /** Numbers of the sentences that support the fact; empty where the data does not say. */
  readonly evidence: readonly number[];
}

/** Two entity numbers, in the direction of the relation. */
export type EntityPair = readonly [head: number, tail: number];

/** A text in sentences and words, the entities it names, and the relations between them where they are known. */
export interface Document {
  readonly id: string;
  /** Words by sentence. */
  readonly sentences: readonly (readonly string[])[];
  readonly entities: readonly Entity[];
  readonly relations: readonly RelationFact[];
  /** Whether `relations` are known; a hidden test set or new text has none to learn from or score against. */
  readonly labelled: boolean;
  /** The pairs to classify, where the data set fixes them (CDR, GDA); every ordered pair of two entities without it. */
  readonly candidatePairs?: readonly EntityPair[];
  /** What the file says besides, by its own keys, such as `clusters` of SciERC; kept for writing it back, read by nothing. */
  readonly extras?: Readonly<Record<string, unknown>>;
}

/** Gives the document as new text has it: what labels say can then decide nothing, not even the order of pairs. */
export function withoutLabels(document: Document): Document {
  return { ...document, relations: [], labelled: false };
}

/** The pairs of a document to classify: its candidates, or every ordered pair of two entities, head-major. */
export function documentPairs(document: Document): readonly EntityPair[] {
  if (document.candidatePairs !== undefined) return document.candidatePairs;
  const numbers = document.entities.map((_, index) => index);
  return numbers.flatMap((head) => numbers.filter((tail) => tail !== head).map((tail): EntityPair => [head, tail]));
}
