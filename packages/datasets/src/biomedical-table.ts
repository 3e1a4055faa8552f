import type { Document, Entity, EntityPair, Mention, RelationFact } from "./document.ts";
import { DatasetFormatError, excerpt, parseCount } from "./format.ts";
import { type LineParser, parseLines } from "./line-parser.ts";

/** How {@link parseBiomedicalTable} reads. */
export interface BiomedicalTableOptions {
  /**
   * Which entity of a pair is its head: `first` (the default) takes the one the line names first, the chemical (CDR) or
   * gene (GDA); `direction` takes the one that the direction column names, as the authors of ATLOP do.
   */
  readonly headFrom?: "first" | "direction";
}

/** Columns of one pair, and of one entity within it. */
const PAIR_COLUMNS = 17;
const FIRST_ENTITY_COLUMN = 5;
const SECOND_ENTITY_COLUMN = 11;
/** What the relation column says of a pair with a more general disease than another one of the document. */
const NOT_INCLUDED = "not_include";
const NO_RELATION = "NR";

/**
 * Reads CDR or GDA in the tab-separated form that ATLOP and earlier work read (`train_filter.data`).
 *
 * A line is a document: its id, its text (sentences joined by `|`, words by blanks), then 17 columns for each pair. The
 * pairs of the file, in its order, are the candidates; those marked `not_include` are none, but their entities are kept.
 * Entities stand in the order of the candidates that name them. Of two lines with one id the first counts.
 *
 * @throws {DatasetFormatError} If a line has another form; the path says which.
 */
export function parseBiomedicalTable(text: string, options: BiomedicalTableOptions = {}): Document[] {
  return parseLines(text, biomedicalTableParser(options));
}

/** A parser of the tab-separated form for texts that come line by line; see {@link parseBiomedicalTable}. */
export function biomedicalTableParser({ headFrom = "first" }: BiomedicalTableOptions = {}): LineParser {
  const ids = new Set<string>();
  let lineNumber = 0;
  return {
    readLine: (line) => {
      lineNumber += 1;
      if (line.trim() === "") return undefined;
      const document = parseTableLine(line, headFrom, `line ${lineNumber}`);
      if (ids.has(document.id)) return undefined;
      ids.add(document.id);
      return document;
    },
    end: () => undefined,
  };
}

function parseTableLine(line: string, headFrom: "first" | "direction", path: string): Document {
  const columns = line.split("\t");
  const [id, text] = columns;
  const pairColumns = columns.length - 2;
  if (id === undefined || id === "" || text === undefined || pairColumns % PAIR_COLUMNS !== 0) {
    throw new DatasetFormatError(
      path,
      `must hold an id, a text and ${PAIR_COLUMNS} columns for each pair, got ${columns.length} columns.`,
    );
  }
  const sentences = text.split("|").map((sentence) => sentence.split(" "));
  const words = wordPlaces(sentences);

  const entities = new Map<string, { readonly columns: string; readonly entity: Entity; number: number }>();
  const pairs = Array.from({ length: pairColumns / PAIR_COLUMNS }, (_, index) => {
    const own = columns.slice(2 + index * PAIR_COLUMNS, 2 + (index + 1) * PAIR_COLUMNS);
    const pairPath = `${path}, pair ${index + 1}`;
    const first = readEntity(own, FIRST_ENTITY_COLUMN, words, entities, pairPath);
    const second = readEntity(own, SECOND_ENTITY_COLUMN, words, entities, pairPath);
    if (first === second) {
      throw new DatasetFormatError(pairPath, `must relate two different entities, got ${excerpt(first)} twice.`);
    }
    const swap = headFrom === "direction" && readDirection(own[1], pairPath) === "R2L";
    return { relation: readRelation(own[0], pairPath), head: swap ? second : first, tail: swap ? first : second };
  });
  return { id, sentences, labelled: true, ...numberEntities(pairs, entities) };
}

/** Sentence, and number within it, of each word of the document. */
function wordPlaces(sentences: readonly (readonly string[])[]): { sentence: number; word: number }[] {
  return sentences.flatMap((words, sentence) => words.map((_, word) => ({ sentence, word })));
}

/** Reads the six columns of an entity, which must be the same wherever the line repeats them; returns its key. */
function readEntity(
  pair: readonly string[],
  firstColumn: number,
  words: readonly { sentence: number; word: number }[],
  entities: Map<string, { readonly columns: string; readonly entity: Entity; number: number }>,
  path: string,
): string {
  const columns = pair.slice(firstColumn, firstColumn + 6);
  const [key = "", names = "", type = "", starts = "", ends = "", sentences = ""] = columns;
  const joined = columns.join("\t");
  const known = entities.get(key);
  if (known?.columns === joined) return key;
  const entityPath = `${path}, entity ${excerpt(key)}`;
  if (known !== undefined) {
    throw new DatasetFormatError(
      entityPath,
      "must have the same columns as where the line names it first, got others.",
    );
  }
  if (key === "") throw new DatasetFormatError(path, "must name two entities, got an empty key.");

  const mentionNames = names.split("|");
  const places = [starts, ends, sentences].map((column) => column.split(":"));
  if (places.some((column) => column.length !== mentionNames.length)) {
    const counts = [mentionNames, ...places].map((column) => column.length).join(", ");
    throw new DatasetFormatError(entityPath, `must have as many names, starts, ends and sentences, got ${counts}.`);
  }
  const mentions = mentionNames.map((name, index) => {
    const [start, end, sentence] = places.map((column) => column[index] ?? "");
    return toMention(
      name,
      type,
      [start ?? "", end ?? "", sentence ?? ""],
      words,
      `${entityPath}, mention ${index + 1}`,
    );
  });
  entities.set(key, { columns: joined, entity: { mentions, key }, number: -1 });
  return key;
}

function toMention(
  name: string,
  type: string,
  place: readonly [start: string, end: string, sentence: string],
  words: readonly { sentence: number; word: number }[],
  path: string,
): Mention {
  const [start, end, sentence] = place.map(parseCount);
  const first = start === undefined ? undefined : words[start];
  const last = end === undefined ? undefined : words[end - 1];
  if (first === undefined || last === undefined || start === undefined || end === undefined || end <= start) {
    throw new DatasetFormatError(
      path,
      `must lie inside the text (${words.length} words), got ${place[0]}–${place[1]}.`,
    );
  }
  if (first.sentence !== sentence || last.sentence !== sentence) {
    throw new DatasetFormatError(
      path,
      `must lie inside sentence ${place[2]}, got words ${start}–${end} of sentences ${first.sentence}–${last.sentence}.`,
    );
  }
  return { name, type, sentence, start: first.word, end: last.word + 1 };
}

function readDirection(column: string | undefined, path: string): "L2R" | "R2L" {
  if (column === "L2R" || column === "R2L") return column;
  throw new DatasetFormatError(path, `must have the direction L2R or R2L, got ${excerpt(column ?? "")}.`);
}

/** The relation of a pair, `NR` for none; `undefined` if the pair is no candidate. */
function readRelation(column: string | undefined, path: string): string | undefined {
  if (column === NOT_INCLUDED) return undefined;
  const relation = /^1:(.+):2$/.exec(column ?? "")?.[1];
  if (relation !== undefined) return relation;
  throw new DatasetFormatError(
    path,
    `must have a relation such as 1:CID:2, 1:NR:2 or ${NOT_INCLUDED}, got ${excerpt(column ?? "")}.`,
  );
}

/** Numbers the entities: first those of the candidates, then the rest, in order of appearance. */
function numberEntities(
  pairs: readonly { relation: string | undefined; head: string; tail: string }[],
  known: Map<string, { readonly entity: Entity; number: number }>,
): Pick<Document, "entities" | "relations" | "candidatePairs"> {
  const entities: Entity[] = [];
  const numberOf = (key: string): number => {
    const entry = known.get(key)!; // readEntity has put it there
    if (entry.number < 0) entry.number = entities.push(entry.entity) - 1;
    return entry.number;
  };

  const relations = new Map<string, RelationFact>();
  const candidates = new Map<string, EntityPair>();
  for (const { relation, head: headKey, tail: tailKey } of pairs) {
    if (relation === undefined) continue;
    const [head, tail] = [numberOf(headKey), numberOf(tailKey)];
    candidates.set(`${head} ${tail}`, [head, tail]);
    if (relation !== NO_RELATION) relations.set(`${head} ${tail} ${relation}`, { head, tail, relation, evidence: [] });
  }
  for (const { head, tail } of pairs) [head, tail].forEach(numberOf);
  return { entities, relations: [...relations.values()], candidatePairs: [...candidates.values()] };
}
