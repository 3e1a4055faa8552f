import type { Document, Mention, RelationFact } from "./document.ts";
import type { SentenceExtraction, Span, SpanRelation, TypedSpan } from "./extraction.ts";
import { DatasetFormatError } from "./format.ts";
import { type LineParser, parseLines } from "./line-parser.ts";
import { type CheckedRow, firstWordsOf, parseSciErcRow, type SciErcRow, toSentenceSpan } from "./scierc-row.ts";
import { replaceEntities, SpanIndex } from "./sentence-documents.ts";

/** How {@link parseSciErc} reads. */
export interface SciErcOptions {
  /** Which spans become the entities: those of `ner`, or those of `predicted_ner` as by `withFoundSpans`; `gold` without it. */
  readonly spans?: "gold" | "predicted";
}

/** The score of what a file gives no score. */
const NO_SCORE = 1;

/**
 * Reads SciERC's JSON lines, and data in their form: ACE as DyGIE and DyGIE++ write it, predictions of PURE.
 *
 * Each item of `ner` is an entity of one mention, two types on one span are two entities; a relation is of the first
 * entities on its spans. A document without `relations` is unlabelled, and needs no `ner`. Keys that are not read
 * (`clusters`, `section_starts`, …, and any that begins with `_`) are kept as `extras`.
 *
 * @throws {DatasetFormatError} If a line has another form or a number in it points nowhere; the path says where.
 */
export function parseSciErc(text: string, options: SciErcOptions = {}): Document[] {
  return parseLines(text, sciErcParser(options));
}

/**
 * Reads what a model has found from the keys `predicted_ner` and `predicted_relations` of SciERC's JSON lines.
 *
 * The last number after a type or name is its score (DyGIE++ writes a logit and then a probability); 1 where there is
 * none. The spans of relations need not be among those found.
 *
 * @throws {DatasetFormatError} If a line has another form, a number in it points nowhere, or it has neither key.
 */
export function parseSciErcPredictions(text: string): SentenceExtraction {
  const found = { spans: [] as TypedSpan[], relations: [] as SpanRelation[] };
  parseLines(text, sciErcPredictionParser(found));
  return { task: "sentence", ...found };
}

/** The reader of single lines for {@link parseSciErc}. */
export function sciErcParser({ spans = "gold" }: SciErcOptions = {}): LineParser {
  return eachRow((row, path) => {
    const document = toDocument(row, path);
    if (spans === "gold") return document;
    if (row.row.predicted_ner === undefined) throw missing(`${path}.predicted_ner`);
    return replaceEntities(document, foundSpans(row.row, path));
  });
}

/** The reader of single lines for {@link parseSciErcPredictions}; gives no documents. */
export function sciErcPredictionParser(found: { spans: TypedSpan[]; relations: SpanRelation[] }): LineParser {
  return eachRow(({ row }, path) => {
    if (row.predicted_ner === undefined && row.predicted_relations === undefined)
      throw missing(`${path}.predicted_ner`);
    for (const span of foundSpans(row, path)) found.spans.push(span);
    for (const relation of foundRelations(row, path)) found.relations.push(relation);
    return undefined;
  });
}

function eachRow(read: (row: CheckedRow, path: string) => Document | undefined): LineParser {
  let lineNumber = 0;
  return {
    readLine: (line) => {
      lineNumber += 1;
      const path = `line ${lineNumber}`;
      return line.trim() === "" ? undefined : read(parseSciErcRow(line, path), path);
    },
    end: () => undefined,
  };
}

function toDocument({ row, extras }: CheckedRow, path: string): Document {
  const { doc_key: id, sentences, relations } = row;
  const mentions = toMentions(row, path);
  return {
    id,
    sentences,
    entities: mentions.map((mention) => ({ mentions: [mention] })),
    relations: toRelations(row, mentions, path),
    labelled: relations !== undefined,
    ...(Object.keys(extras).length > 0 && { extras }),
  };
}

function toMentions({ sentences, ner = [], ner_flavor }: SciErcRow, path: string): Mention[] {
  const firstWords = firstWordsOf(sentences);
  return ner.flatMap((entities, sentence) =>
    entities.map(([first, last, type], index): Mention => {
      const span = toSentenceSpan(first, last, sentence, firstWords, `${path}.ner[${sentence}][${index}]`);
      const name = sentences[sentence]?.slice(span.start, span.end).join(" ") ?? "";
      const flavor = ner_flavor?.[sentence]?.[index] ?? undefined;
      return { name, type, ...span, ...(flavor !== undefined && { flavor }) };
    }),
  );
}

function toRelations(
  { sentences, relations = [] }: SciErcRow,
  mentions: readonly Mention[],
  path: string,
): RelationFact[] {
  const firstWords = firstWordsOf(sentences);
  const index = new SpanIndex(mentions);
  return relations.flatMap((facts, sentence) =>
    facts.map(([headStart, headEnd, tailStart, tailEnd, relation], number): RelationFact => {
      const place = `${path}.relations[${sentence}][${number}]`;
      const head = toSentenceSpan(headStart, headEnd, sentence, firstWords, place);
      const tail = toSentenceSpan(tailStart, tailEnd, sentence, firstWords, place);
      const pair = index.findPair(head, tail);
      if (pair !== undefined) return { ...pair, relation, evidence: [sentence] };
      const [start, end] = index.findPair(head, head) === undefined ? [headStart, headEnd] : [tailStart, tailEnd];
      throw new DatasetFormatError(
        place,
        `must relate entities of ner[${sentence}], got ${start}–${end}, which is none.`,
      );
    }),
  );
}

function foundSpans({ doc_key: documentId, sentences, predicted_ner = [] }: SciErcRow, path: string): TypedSpan[] {
  const firstWords = firstWordsOf(sentences);
  return predicted_ner.flatMap((spans, sentence) =>
    spans.map(([first, last, type, ...scores], index): TypedSpan => {
      const place = `${path}.predicted_ner[${sentence}][${index}]`;
      const span = toSentenceSpan(first, last, sentence, firstWords, place);
      return { documentId, ...span, type, score: scores.at(-1) ?? NO_SCORE };
    }),
  );
}

function foundRelations(
  { doc_key: documentId, sentences, predicted_relations = [] }: SciErcRow,
  path: string,
): SpanRelation[] {
  const firstWords = firstWordsOf(sentences);
  return predicted_relations.flatMap((relations, sentence) =>
    relations.map(([headStart, headEnd, tailStart, tailEnd, relation, ...scores], index): SpanRelation => {
      const place = `${path}.predicted_relations[${sentence}][${index}]`;
      const span = (first: number, last: number): Span => toSentenceSpan(first, last, sentence, firstWords, place);
      const [head, tail] = [span(headStart, headEnd), span(tailStart, tailEnd)];
      return { documentId, head, tail, relation, score: scores.at(-1) ?? NO_SCORE };
    }),
  );
}

function missing(path: string): DatasetFormatError {
  return new DatasetFormatError(path, "must be a list, got nothing.");
}
