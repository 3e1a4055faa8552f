import { splitSentences, splitWords, type TextRange, type TextWord } from "./biomedical-text.ts";
import type { Document, Entity, EntityPair, Mention, RelationFact } from "./document.ts";
import { DatasetFormatError, excerpt, parseCount } from "./format.ts";
import { type LineParser, parseLines } from "./line-parser.ts";

/** How {@link parsePubtator} reads. */
export interface PubtatorOptions {
  /** Types of head and tail between which every pair is a candidate; chemical or gene, and disease, without it. */
  readonly candidateTypes?: readonly (readonly [head: string, tail: string])[];
}

/** What is known of a document while its lines are read. */
interface Draft {
  readonly id: string;
  readonly path: string;
  title?: string;
  abstract?: string;
  readonly annotations: Annotation[];
  readonly relations: { readonly path: string; readonly name: string; readonly head: string; readonly tail: string }[];
}

/** A line that marks a mention. */
interface Annotation extends TextRange {
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly keys: readonly string[];
}

/** Most candidate pairs of a document: an abstract has hundreds, and their number grows with the square of its concepts. */
const MAX_PAIRS = 2 ** 20;

/** Most entities of one concept, under as many types: two or three in practice. */
const MAX_TYPES = 100;

/** The identifier of mentions without a concept. */
const NO_CONCEPT = "-1";
const DEFAULT_CANDIDATE_TYPES = [
  ["Chemical", "Disease"],
  ["Gene", "Disease"],
] as const;

/**
 * Reads CDR or GDA in the PubTator form: title, abstract, mentions and relations of a document, then an empty line.
 *
 * Words and sentences are cut by the rules of `splitWords` and `splitSentences`; they differ from those of
 * the tab-separated form. Mentions of one concept and type make an entity, in order of first mention; a mention of several
 * concepts (`D1|D2`) belongs to each; one without a concept (`-1`) is an entity without a key, in no candidate pair. Every
 * pair of the candidate types is a candidate, head-major: pairs with a hypernym of another disease stay in, as they can only
 * be told with MeSH at hand. If no document of the text has a relation, all are unlabelled.
 *
 * @throws {DatasetFormatError} If a line has another form, or a mention is not the text at its place; the path says which.
 */
export function parsePubtator(text: string, options: PubtatorOptions = {}): Document[] {
  return settleLabels(parseLines(text, pubtatorParser(options)));
}

/** Takes all documents as unlabelled if none of them has a relation; what is left to do after {@link pubtatorParser}. */
export function settleLabels(documents: Document[]): Document[] {
  if (documents.some(({ relations }) => relations.length > 0)) return documents;
  return documents.map((document) => ({ ...document, labelled: false }));
}

/** A parser of the PubTator form for texts that come line by line; see {@link parsePubtator}. */
export function pubtatorParser({ candidateTypes = DEFAULT_CANDIDATE_TYPES }: PubtatorOptions = {}): LineParser {
  let lineNumber = 0;
  let draft: Draft | undefined;
  const finish = (): Document | undefined => {
    const finished = draft && toDocument(draft, candidateTypes);
    draft = undefined;
    return finished;
  };
  return {
    readLine: (line) => {
      lineNumber += 1;
      const path = `line ${lineNumber}`;
      if (line.trim() === "") return finish();
      const [id] = /^[^|\t]+(?=[|\t])/.exec(line) ?? [];
      if (id === undefined) {
        throw new DatasetFormatError(path, `must begin with a document's id and "|" or a tab, got ${excerpt(line)}.`);
      }
      const finished = draft !== undefined && draft.id !== id ? finish() : undefined;
      draft ??= { id, path, annotations: [], relations: [] };
      readLine(line.slice(id.length), draft, path);
      return finished;
    },
    end: finish,
  };
}

function readLine(rest: string, draft: Draft, path: string): void {
  const [, section, text] = /^\|([ta])\|(.*)$/.exec(rest) ?? [];
  if (section !== undefined) {
    const field = section === "t" ? "title" : "abstract";
    if (draft[field] !== undefined)
      throw new DatasetFormatError(path, `must not give document ${draft.id} another ${field}.`);
    draft[field] = text ?? "";
    return;
  }
  const columns = rest.split("\t").slice(1);
  const [first = "", second = "", third = "", type = "", keys = ""] = columns;
  const [start, end] = [parseCount(first), parseCount(second)];
  if (columns.length === 3 && start === undefined) {
    draft.relations.push({ path, name: first, head: second, tail: third });
    return;
  }
  if (columns.length < 5 || start === undefined || end === undefined || type === "" || keys === "") {
    throw new DatasetFormatError(
      path,
      `must be a title (|t|), an abstract (|a|), a mention (start, end, text, type, id) or a relation ` +
        `(name, head id, tail id), got ${excerpt(rest)}.`,
    );
  }
  const own = [...new Set(keys.split("|"))].filter((key) => key !== NO_CONCEPT);
  draft.annotations.push({ path, start, end, name: third, type, keys: own });
}

function toDocument(draft: Draft, candidateTypes: readonly (readonly [string, string])[]): Document {
  const { id, path, title, abstract } = draft;
  if (title === undefined && abstract === undefined) {
    throw new DatasetFormatError(path, `must begin document ${id} with its title (${id}|t|…), got something else.`);
  }
  const text = `${title ?? ""}\n${abstract ?? ""}`;
  const annotations = placeAnnotations(draft.annotations, text);
  const sentences = splitText(text, title?.length ?? 0, annotations);

  const entities = groupEntities(annotations, sentences);
  const candidates = new Map<string, EntityPair>();
  const addCandidate = (head: number, tail: number): unknown => candidates.set(`${head} ${tail}`, [head, tail]);
  for (const [headType, tailType] of candidateTypes) {
    const heads = numbersOf(entities, headType);
    const tails = numbersOf(entities, tailType);
    if (candidates.size + heads.length * tails.length > MAX_PAIRS) {
      const problem = `must have at most ${MAX_PAIRS} pairs of ${excerpt(headType)} and ${excerpt(tailType)} in document ${excerpt(id)}`;
      throw new DatasetFormatError(path, `${problem}, got ${heads.length} × ${tails.length}.`);
    }
    for (const head of heads) for (const tail of tails) if (head !== tail) addCandidate(head, tail);
  }
  const relations = toRelations(draft, entities, candidates);
  for (const { head, tail } of relations) if (!candidates.has(`${head} ${tail}`)) addCandidate(head, tail);
  return {
    id,
    sentences: sentences.map((words) => words.map(({ word }) => word)),
    entities,
    relations,
    labelled: true,
    candidatePairs: [...candidates.values()],
  };
}

/** The annotations with places in UTF-16 units, which the file counts in characters; checks each against the text. */
function placeAnnotations(annotations: readonly Annotation[], text: string): Annotation[] {
  const units = /[\u{10000}-\u{10ffff}]/u.test(text) ? characterStarts(text) : undefined;
  return annotations.map((annotation) => {
    const start = units === undefined ? annotation.start : (units[annotation.start] ?? text.length);
    const end = units === undefined ? annotation.end : (units[annotation.end] ?? text.length);
    const found = text.slice(start, end);
    if (end <= start || found.trim() === "" || found !== annotation.name) {
      throw new DatasetFormatError(
        annotation.path,
        `must name the text at ${annotation.start}–${annotation.end}, which is ${excerpt(found)}, got ${excerpt(annotation.name)}.`,
      );
    }
    return { ...annotation, start, end };
  });
}

function characterStarts(text: string): number[] {
  const starts: number[] = [];
  for (let index = 0; index <= text.length; index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1)
    starts.push(index);
  return starts;
}

/** Sentences of title and abstract; none runs over the end of the title. */
function splitText(text: string, titleEnd: number, annotations: readonly Annotation[]): TextWord[][] {
  const words = splitWords(text, annotations);
  const abstractStart = words.findIndex(({ start }) => start > titleEnd);
  const cut = abstractStart < 0 ? words.length : abstractStart;
  const straddling = annotations.find(({ start, end }) => start < titleEnd && end > titleEnd);
  if (straddling !== undefined) {
    throw new DatasetFormatError(straddling.path, "must lie in the title or in the abstract, got a mention of both.");
  }
  return [...splitSentences(words.slice(0, cut), annotations), ...splitSentences(words.slice(cut), annotations)];
}

function groupEntities(annotations: readonly Annotation[], sentences: readonly (readonly TextWord[])[]): Entity[] {
  const places = new Map<number, { sentence: number; word: number }>();
  const ends = new Map<number, number>();
  sentences.forEach((words, sentence) => {
    words.forEach(({ start, end }, word) => {
      places.set(start, { sentence, word });
      ends.set(end, word + 1);
    });
  });

  const groups = new Map<string, { mentions: Mention[]; key?: string }>();
  for (const annotation of annotations.toSorted((one, other) => one.start - other.start || one.end - other.end)) {
    const mention = toMention(annotation, places, ends);
    if (annotation.keys.length === 0) groups.set(`-1 ${groups.size}`, { mentions: [mention] });
    for (const key of annotation.keys) {
      const group = groups.get(`${annotation.type}\t${key}`);
      if (group === undefined) groups.set(`${annotation.type}\t${key}`, { mentions: [mention], key });
      else group.mentions.push(mention);
    }
  }
  return [...groups.values()];
}

function toMention(
  { path, name, type, start, end }: Annotation,
  places: ReadonlyMap<number, { sentence: number; word: number }>,
  ends: ReadonlyMap<number, number>,
): Mention {
  const place = places.get(start);
  const lastWord = ends.get(end);
  if (place === undefined || lastWord === undefined) {
    throw new DatasetFormatError(path, `must not begin or end with white space, got ${excerpt(name)}.`);
  }
  return { name, type, sentence: place.sentence, start: place.word, end: lastWord };
}

function numbersOf(entities: readonly Entity[], type: string): number[] {
  return entities.flatMap(({ key, mentions }, number) =>
    key !== undefined && mentions[0]?.type === type ? [number] : [],
  );
}

/** The relations by entity numbers; a key of two entities means the one that makes a candidate pair. */
function toRelations(
  draft: Draft,
  entities: readonly Entity[],
  candidates: ReadonlyMap<string, unknown>,
): RelationFact[] {
  const byKey = new Map<string, number[]>();
  for (const [number, { key }] of entities.entries()) {
    if (key === undefined) continue;
    const found = byKey.get(key) ?? [];
    if (found.length >= MAX_TYPES) {
      const problem = `must give a concept at most ${MAX_TYPES} types in document ${excerpt(draft.id)}`;
      throw new DatasetFormatError(draft.path, `${problem}, got more for ${excerpt(key)}.`);
    }
    found.push(number);
    byKey.set(key, found);
  }
  const numbers = (key: string, path: string): number[] => {
    const found = byKey.get(key);
    if (found !== undefined) return found;
    throw new DatasetFormatError(path, `must relate concepts that document ${draft.id} mentions, got ${excerpt(key)}.`);
  };
  const facts = new Map<string, RelationFact>();
  for (const { path, name: relation, head: headKey, tail: tailKey } of draft.relations) {
    const [heads, tails] = [numbers(headKey, path), numbers(tailKey, path)];
    const pairs = heads.flatMap((one) => tails.map((other) => [one, other] as const));
    const [head, tail] = pairs.find((pair) => candidates.has(pair.join(" "))) ?? pairs[0]!; // neither list is empty
    if (head === tail)
      throw new DatasetFormatError(path, `must relate two different concepts, got ${excerpt(headKey)} twice.`);
    facts.set(`${head} ${tail} ${relation}`, { head, tail, relation, evidence: [] });
  }
  return [...facts.values()];
}
