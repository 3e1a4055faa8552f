import type { Document } from "./document.ts";
import { DatasetFormatError, excerpt } from "./format.ts";
import { describeValue } from "./json-shape.ts";

/** What label files call the class of pairs without a relation. */
const NO_RELATION = /^(na|no_relation|no relation)$/i;

/** The names of all relations that the documents state, in alphabetical order (by UTF-16 unit). */
export function relationNames(documents: readonly Document[]): string[] {
  const names = new Set(documents.flatMap(({ relations }) => relations.map(({ relation }) => relation)));
  return [...names].toSorted(byUnit);
}

/** The types of all entities that the documents name, in alphabetical order (by UTF-16 unit). */
export function entityTypes(documents: readonly Document[]): string[] {
  const types = new Set(
    documents.flatMap(({ entities }) => entities.flatMap(({ mentions }) => mentions.map(({ type }) => type))),
  );
  return [...types].toSorted(byUnit);
}

/**
 * Reads a list of label names: a JSON list of names, a JSON object whose keys are the names, or a name a line.
 *
 * An object gives each name its number (`rel2id.json`), which sets the order and may be any, or a description of it
 * (`rel_info.json`), which is not read. `Na`, `NA` and `no_relation` are left out
 * wherever they stand, as a model has its own class for pairs without a relation.
 *
 * @throws {DatasetFormatError} If the text has another form or a name stands twice.
 */
export function parseLabels(text: string): string[] {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  const names = /^[[{]/.test(trimmed) ? namesOfJson(trimmed) : trimmed.split(/\r?\n/).map((line) => line.trim());
  const labels = names.filter((name) => name !== "" && !NO_RELATION.test(name));
  if (labels.length === 0) throw new DatasetFormatError("The file", "must name at least one label, got none.");
  const seen = new Set<string>();
  const repeated = labels.find((name) => seen.size === seen.add(name).size);
  if (repeated !== undefined) {
    throw new DatasetFormatError("The file", `must name each label once, got ${excerpt(repeated)} twice.`);
  }
  return labels;
}

/**
 * Checks that there is something to score against.
 *
 * @throws {RangeError} If a document has no labels, as in a hidden test set or new text.
 */
export function requireLabels(documents: readonly Document[]): void {
  const unlabelled = documents.filter(({ labelled }) => !labelled);
  if (unlabelled.length === 0) return;
  throw new RangeError(
    `Documents must be labelled to be scored, got ${unlabelled.length} of ${documents.length} without labels ` +
      `(the first is "${unlabelled[0]?.id}"). Documents without labels can be predicted.`,
  );
}

/**
 * Checks that there is something to learn from.
 *
 * @throws {RangeError} If there is no document, or one has no labels.
 */
export function requireTrainable(documents: readonly Document[]): void {
  if (documents.length === 0) throw new RangeError("documents must hold at least one to train on, got none.");
  const unlabelled = documents.find(({ labelled }) => !labelled);
  if (unlabelled !== undefined) {
    throw new RangeError(`documents must be labelled to train on, got "${unlabelled.id}", which is not.`);
  }
}

/**
 * Checks that predictions can be told apart by the ids of their documents.
 *
 * @throws {RangeError} If two documents have one id.
 */
export function requireUniqueIds(documents: readonly Document[]): void {
  const seen = new Set<string>();
  for (const { id } of documents) {
    if (seen.has(id)) throw new RangeError(`Documents must have different ids, got two named "${id}".`);
    seen.add(id);
  }
}

function namesOfJson(text: string): string[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new DatasetFormatError("The file", "must hold JSON or a label a line, got neither.", { cause: error });
  }
  if (Array.isArray(json)) return json.map((name: unknown, index) => labelName(name, `[${index}]`));
  const entries = Object.entries(json as Record<string, unknown>);
  if (entries.every(([, description]) => typeof description === "string")) return entries.map(([name]) => name);
  return namesByNumber(entries);
}

function namesByNumber(entries: readonly (readonly [name: string, number: unknown])[]): string[] {
  const names = new Map<number, string>();
  for (const [name, number] of entries) {
    if (typeof number !== "number" || !Number.isInteger(number)) {
      throw new DatasetFormatError(`.${name}`, `must be a whole number, got ${describeValue(number)}.`);
    }
    const other = names.get(number);
    if (other !== undefined)
      throw new DatasetFormatError(`.${name}`, `must be another number than .${other}, got ${number}.`);
    names.set(number, name);
  }
  return [...names].toSorted(([one], [other]) => one - other).map(([, name]) => name);
}

function labelName(name: unknown, path: string): string {
  if (typeof name === "string") return name;
  throw new DatasetFormatError(path, `must be a text, got ${describeValue(name)}.`);
}

function byUnit(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
