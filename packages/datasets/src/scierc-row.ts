import { z } from "zod";

import { DatasetFormatError } from "./format.ts";
import type { Span } from "./extraction.ts";
import { checkShape, describeValue } from "./json-shape.ts";

/** First and last word of an entity in the document, and its type. */
export type SciErcEntity = readonly [start: number, end: number, type: string];

/** First and last word of a head and of a tail in the document, and the relation's name. */
export type SciErcRelation = readonly [
  headStart: number,
  headEnd: number,
  tailStart: number,
  tailEnd: number,
  relation: string,
];

/** A found entity; what follows the type are scores. */
export type SciErcFoundEntity = readonly [...SciErcEntity, ...scores: number[]];

/** A found relation; what follows the name are scores. */
export type SciErcFoundRelation = readonly [...SciErcRelation, ...scores: number[]];

/** One line of a file in SciERC's form: what we read of it; every list but `doc_key` has an item for each sentence. */
export interface SciErcRow {
  readonly doc_key: string;
  readonly sentences: readonly (readonly string[])[];
  readonly ner?: readonly (readonly SciErcEntity[])[];
  readonly ner_flavor?: readonly (readonly (string | null)[])[];
  readonly relations?: readonly (readonly SciErcRelation[])[];
  readonly predicted_ner?: readonly (readonly SciErcFoundEntity[])[];
  readonly predicted_relations?: readonly (readonly SciErcFoundRelation[])[];
}

const lists = <Item>(item: z.ZodType<Item>) => z.array(z.array(item)).optional();
const rowShape = z.object({
  doc_key: z.string(),
  sentences: z.array(z.array(z.string())),
  ner: lists(z.tuple([z.int(), z.int(), z.string()])),
  ner_flavor: lists(z.string().nullable()),
  relations: lists(z.tuple([z.int(), z.int(), z.int(), z.int(), z.string()])),
  predicted_ner: lists(z.tuple([z.int(), z.int(), z.string()]).rest(z.number())),
  predicted_relations: lists(z.tuple([z.int(), z.int(), z.int(), z.int(), z.string()]).rest(z.number())),
});

/** Keys that DyGIE++ has for a document as a whole, which are kept and not read. */
const DOCUMENT_KEYS = ["dataset", "clusters", "section_starts", "weight", "event_clusters"];

/** Keys that DyGIE++ has for each sentence, which are kept and not read; their length is checked. */
const SENTENCE_KEYS = ["events", "predicted_events", "top_spans"];

const FOUND_DOCUMENT_KEYS = ["predicted_clusters", "predicted_event_clusters"];

const KNOWN_KEYS = new Set([
  ...Object.keys(rowShape.shape),
  ...DOCUMENT_KEYS,
  ...FOUND_DOCUMENT_KEYS,
  ...SENTENCE_KEYS,
]);

/** A line with its place, checked: spans may still point anywhere. */
export interface CheckedRow {
  readonly row: SciErcRow;
  /** What the line says besides, by key. */
  readonly extras: Readonly<Record<string, unknown>>;
}

/**
 * Reads a line of a file in SciERC's form.
 *
 * @param path What the line is called in error messages: `line 3`.
 * @throws {DatasetFormatError} If it is no JSON object of that form, has an unknown key, lists of unequal length or no words.
 */
export function parseSciErcRow(line: string, path: string): CheckedRow {
  const json = parseJson(line, path);
  const row = checkShape(rowShape, json, path) as SciErcRow;
  if (row.sentences.every((words) => words.length === 0)) {
    throw new DatasetFormatError(`${path}.sentences`, "must hold at least one word, got none.");
  }
  const entries = Object.entries(json as Record<string, unknown>);
  checkKeys(entries, row.sentences.length, path);
  if (row.relations !== undefined && row.ner === undefined) {
    throw new DatasetFormatError(`${path}.ner`, "must be there where relations are, got nothing.");
  }
  checkFlavors(row, path);
  return { row, extras: Object.fromEntries(entries.filter(([key]) => !Object.hasOwn(rowShape.shape, key))) };
}

/**
 * Turns words of the document into a span of its sentence.
 *
 * @param firstWords Number of the first word of each sentence, then the number of all words.
 * @throws {DatasetFormatError} If they are not words of that sentence.
 */
export function toSentenceSpan(
  start: number,
  end: number,
  sentence: number,
  firstWords: readonly number[],
  path: string,
): Span {
  const first = firstWords[sentence] ?? 0;
  const next = firstWords[sentence + 1] ?? 0;
  if (end < start) throw new DatasetFormatError(path, `must not end before it starts, got ${start}–${end}.`);
  if (start < first || end >= next) {
    const words = next === first ? "which has no words" : `words ${first}–${next - 1} of the document`;
    throw new DatasetFormatError(path, `must lie inside sentence ${sentence} (${words}), got ${start}–${end}.`);
  }
  return { sentence, start: start - first, end: end + 1 - first };
}

/** The number of the first word of each sentence, then the number of all words. */
export function firstWordsOf(sentences: readonly (readonly string[])[]): number[] {
  const firstWords = [0];
  for (const words of sentences) firstWords.push((firstWords.at(-1) ?? 0) + words.length);
  return firstWords;
}

function parseJson(line: string, path: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    const cut = /^\s*\{/.test(line) && !/\}\s*$/.test(line);
    const found = cut ? "a text that ends too early" : `something else: ${(error as Error).message}`;
    throw new DatasetFormatError(path, `must hold a JSON object, got ${found}.`, { cause: error });
  }
}

function checkKeys(entries: readonly (readonly [string, unknown])[], sentenceCount: number, path: string): void {
  for (const [key, value] of entries) {
    if (key.startsWith("_")) continue;
    if (!KNOWN_KEYS.has(key)) {
      throw new DatasetFormatError(
        `${path}.${key}`,
        `must be a key of the format, got an unknown one. Keys of your own begin with "_".`,
      );
    }
    const isPerSentence = SENTENCE_KEYS.includes(key) || (Object.hasOwn(rowShape.shape, key) && key !== "doc_key");
    if (isPerSentence && (!Array.isArray(value) || value.length !== sentenceCount)) {
      throw new DatasetFormatError(
        `${path}.${key}`,
        `must hold a list for each of the ${sentenceCount} sentences, got ${describeValue(value)}.`,
      );
    }
  }
}

function checkFlavors({ ner, ner_flavor }: SciErcRow, path: string): void {
  for (const [sentence, flavors] of (ner_flavor ?? []).entries()) {
    const count = ner?.[sentence]?.length ?? 0;
    if (flavors.length === count) continue;
    throw new DatasetFormatError(
      `${path}.ner_flavor[${sentence}]`,
      `must hold a flavor for each of the ${count} entities, got ${describeValue(flavors)}.`,
    );
  }
}
