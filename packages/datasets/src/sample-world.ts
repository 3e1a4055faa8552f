import type { Document, Mention, RelationFact } from "./document.ts";
import type { SampleSplit } from "./sample-names.ts";
import {
  inferFacts,
  planThreads,
  type SampleFact,
  type SampleStatement,
  statedFacts,
  type SampleThing,
} from "./sample-plan.ts";
import { seededRandom, type SeededRandom } from "./seeded-random.ts";

/** What {@link sampleWorld} makes. */
export interface SampleWorldOptions {
  readonly seed: number;
  /** How many documents. */
  readonly documents: number;
  /** Which names and phrases to use: no name of one split occurs in another, and some phrases only outside `train`. */
  readonly split?: SampleSplit;
}

/**
 * How a document gives a fact: in a sentence that names both entities; in two sentences that each name one of them; or
 * only as what follows from two other facts.
 */
export type SampleFactKind = "intra" | "inter" | "inferred";

/** Generated documents, and how each of their facts is given. */
export interface SampleCorpus {
  readonly documents: readonly Document[];
  /** For each document, for each of its relations in order. */
  readonly kinds: readonly (readonly SampleFactKind[])[];
}

const MOST_ENTITIES = 14;
const FEWEST_ENTITIES = 8;
const MOST_SENTENCES = 8;
const FEWEST_SENTENCES = 5;

/** Types of mentions; cities and countries are both places, as in DocRED. */
const MENTION_TYPES = { PER: "PER", ORG: "ORG", CITY: "LOC", COUNTRY: "LOC" } as const;

/**
 * Generates documents about an invented world, with all the facts that a reader can know from them.
 *
 * Each has 5–8 sentences on 8–14 people, companies, cities and countries. Facts are stated under full names and shorter
 * ones, in one sentence or across two ("She is a native of …"), or follow from two others: whoever was born in a city has the
 * citizenship of its country, and a company belongs to the country of its headquarters. Other sentences relate nothing.
 * Every name is made of random syllables, so that nothing can be known beforehand.
 *
 * @throws {RangeError} If `documents` is no positive integer or the seed no integer.
 */
export function sampleWorld({ seed, documents: count, split = "train" }: SampleWorldOptions): SampleCorpus {
  if (!Number.isInteger(seed)) throw new RangeError(`seed must be an integer, got ${seed}.`);
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`documents must be a positive integer, got ${count}.`);
  const made = Array.from({ length: count }, (_, index) => {
    return sampleDocument(`sample-${split}-${seed}-${index}`, split, seededRandom(`${split} ${seed} ${index}`));
  });
  return { documents: made.map(({ document }) => document), kinds: made.map(({ kinds }) => kinds) };
}

/** A document of the promised size; plans of another size are thrown away. */
function sampleDocument(
  id: string,
  split: SampleSplit,
  random: SeededRandom,
): { document: Document; kinds: SampleFactKind[] } {
  for (;;) {
    const statements = planThreads(split, random).flat();
    const entityCount = new Set(statements.flatMap(({ topic, others }) => [topic, ...others])).size;
    if (statements.length < FEWEST_SENTENCES || statements.length > MOST_SENTENCES) continue;
    if (entityCount < FEWEST_ENTITIES || entityCount > MOST_ENTITIES) continue;
    return writeDocument(id, statements, split, random);
  }
}

/** A fact that a document gives, with the numbers of the sentences that give it. */
interface GivenFact extends SampleFact {
  readonly kind: SampleFactKind;
  readonly evidence: readonly number[];
}

function writeDocument(
  id: string,
  statements: readonly SampleStatement[],
  split: SampleSplit,
  random: SeededRandom,
): { document: Document; kinds: SampleFactKind[] } {
  const mentions = new Map<SampleThing, Mention[]>();
  const sentences = statements.map((statement, sentence) => {
    const forms = statement.continues ? statement.template.continued : statement.template.named;
    const form = random.pick(split === "train" && forms.length > 1 ? forms.slice(0, -1) : forms);
    return writeSentence(form, statement, sentence, mentions, random);
  });

  const stated = statements.flatMap((statement, sentence): GivenFact[] => {
    const evidence = statement.continues ? [sentence - 1, sentence] : [sentence];
    const kind = statement.continues ? "inter" : "intra";
    return statedFacts(statement).map((fact) => ({ ...fact, kind, evidence }));
  });
  const things = [...mentions.keys()];
  const facts = [...stated, ...inferred(stated)];
  const relations = facts.map(({ head, tail, relation, evidence }): RelationFact => {
    return { head: things.indexOf(head), tail: things.indexOf(tail), relation, evidence };
  });
  const entities = [...mentions.values()].map((places) => ({ mentions: places }));
  return { document: { id, sentences, entities, relations, labelled: true }, kinds: facts.map(({ kind }) => kind) };
}

/** Facts that follow from the stated ones and are not stated themselves. */
function inferred(stated: readonly GivenFact[]): GivenFact[] {
  return inferFacts(stated)
    .filter(({ fact }) => {
      return !stated.some(
        ({ head, tail, relation }) => head === fact.head && tail === fact.tail && relation === fact.relation,
      );
    })
    .map(({ fact, from }) => {
      const evidence = [...new Set(from.flatMap((source) => source.evidence))].toSorted((one, other) => one - other);
      return { ...fact, kind: "inferred", evidence };
    });
}

/** Fills in a form, and adds the mentions it makes to those of the things it names. */
function writeSentence(
  form: string,
  { topic, others }: SampleStatement,
  sentence: number,
  mentions: Map<SampleThing, Mention[]>,
  random: SeededRandom,
): string[] {
  const words: string[] = [];
  for (const part of form.match(/\{[^}]+\}|\S+/g) ?? []) {
    const slot = /^\{(.+)\}$/.exec(part)?.[1];
    const thing = slot === "topic" ? topic : others[Number(slot)];
    if (thing === undefined) {
      words.push(...(slot === undefined ? part : pronoun(slot, topic)).split(" "));
      continue;
    }
    const known = mentions.get(thing) ?? [];
    mentions.set(thing, known);
    const [full, ...short] = thing.names;
    const name = known.length > 0 && short.length > 0 && random.chance(0.7) ? random.pick(short) : full;
    const start = words.length;
    words.push(...name.split(" "));
    known.push({ name, type: MENTION_TYPES[thing.type], sentence, start, end: words.length });
  }
  return words;
}

function pronoun(slot: string, { female }: SampleThing): string {
  switch (slot) {
    case "She":
      return female ? "She" : "He";
    case "she":
      return female ? "she" : "he";
    case "Her":
      return female ? "Her" : "His";
    default:
      return slot; // "The company"
  }
}
