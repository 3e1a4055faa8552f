import { z } from "zod";

import type { Document, Entity, Mention, RelationFact } from "./document.ts";
import type { EntityRelation } from "./extraction.ts";
import { DatasetFormatError } from "./format.ts";
import { checkShape, describeValue } from "./json-shape.ts";

/** One mention in DocRED's JSON. */
export interface DocredMention {
  readonly name: string;
  readonly type: string;
  readonly sent_id: number;
  /** First word and the word after the last, within the sentence. */
  readonly pos: readonly [start: number, end: number];
}

/** One labelled relation in DocRED's JSON. */
export interface DocredLabel {
  /** Number of the head entity. */
  readonly h: number;
  /** Number of the tail entity. */
  readonly t: number;
  /** The relation's name, such as `P17`. */
  readonly r: string;
  readonly evidence: readonly number[];
}

/** One document in DocRED's JSON; `labels` is absent where they are hidden. */
export interface DocredDocument {
  readonly title: string;
  readonly sents: readonly (readonly string[])[];
  readonly vertexSet: readonly (readonly DocredMention[])[];
  readonly labels?: readonly DocredLabel[];
}

/** One row of the file that DocRED's evaluation server takes. */
export interface DocredSubmissionRow {
  readonly title: string;
  readonly h_idx: number;
  readonly t_idx: number;
  readonly r: string;
  readonly evidence?: readonly number[];
}

const mentionShape = z.object({
  name: z.string(),
  type: z.string(),
  sent_id: z.int(),
  pos: z.tuple([z.int(), z.int()]),
});
const labelShape = z.object({ h: z.int(), t: z.int(), r: z.string(), evidence: z.array(z.int()).default([]) });
const documentShape = z.object({
  title: z.string(),
  sents: z.array(z.array(z.string())),
  vertexSet: z.array(z.array(mentionShape)),
  labels: z.array(labelShape).optional(),
});

/**
 * Reads the JSON of DocRED, Re-DocRED, and data sets in their form.
 *
 * Relations keep the names that the file gives them. A document without the key `labels` is unlabelled.
 *
 * @throws {DatasetFormatError} If the JSON has another form or a number in it points nowhere; the path says where.
 */
export function parseDocred(json: unknown): Document[] {
  if (!Array.isArray(json)) {
    throw new DatasetFormatError("The file", `must hold a list of documents, got ${describeValue(json)}.`);
  }
  return json.map((item: unknown, index) => parseDocredDocument(item, `[${index}]`));
}

/**
 * Reads one document of DocRED's JSON.
 *
 * @param path What the document is called in error messages, such as `[12]`.
 * @throws {DatasetFormatError} If the JSON has another form or a number in it points nowhere.
 */
function parseDocredDocument(json: unknown, path: string): Document {
  const { title, sents, vertexSet, labels } = checkShape(documentShape, json, path);
  const entities = vertexSet.map((mentions, index) => toEntity(mentions, sents, `${path}.vertexSet[${index}]`));
  const relations = (labels ?? []).map((label, index) =>
    toRelation(label, entities.length, sents.length, `${path}.labels[${index}]`),
  );
  return { id: title, sentences: sents, entities, relations, labelled: labels !== undefined };
}

/** Writes documents as DocRED's JSON; reading it back gives the same documents. */
export function formatDocred(documents: readonly Document[]): DocredDocument[] {
  return documents.map(({ id, sentences, entities, relations, labelled }) => ({
    title: id,
    sents: sentences,
    vertexSet: entities.map(({ mentions }) =>
      mentions.map(({ name, type, sentence, start, end }) => ({ name, type, sent_id: sentence, pos: [start, end] })),
    ),
    ...(labelled && {
      labels: relations.map(({ head, tail, relation, evidence }) => ({ h: head, t: tail, r: relation, evidence })),
    }),
  }));
}

/** Writes found relations as the rows of DocRED's official submission file. */
export function toDocredSubmission(relations: readonly EntityRelation[]): DocredSubmissionRow[] {
  return relations.map(({ documentId, head, tail, relation, evidence }) => ({
    title: documentId,
    h_idx: head,
    t_idx: tail,
    r: relation,
    ...(evidence !== undefined && { evidence }),
  }));
}

function toEntity(mentions: readonly DocredMention[], sentences: readonly string[][], path: string): Entity {
  if (mentions.length === 0) throw new DatasetFormatError(path, "must hold at least one mention, got none.");
  return { mentions: mentions.map((mention, index) => toMention(mention, sentences, `${path}[${index}]`)) };
}

function toMention(mention: DocredMention, sentences: readonly string[][], path: string): Mention {
  const { name, type, sent_id: sentence, pos } = mention;
  const words = sentences[sentence];
  if (words === undefined) throw outside(`${path}.sent_id`, sentences.length, sentence);
  const [start, end] = pos;
  if (start < 0 || end <= start || end > words.length) {
    throw new DatasetFormatError(
      `${path}.pos`,
      `must lie inside sentence ${sentence} (${words.length} words), got ${start}–${end}.`,
    );
  }
  return { name, type, sentence, start, end };
}

function toRelation(label: DocredLabel, entityCount: number, sentenceCount: number, path: string): RelationFact {
  const { h: head, t: tail, r: relation, evidence } = label;
  if (head < 0 || head >= entityCount) throw outside(`${path}.h`, entityCount, head);
  if (tail < 0 || tail >= entityCount) throw outside(`${path}.t`, entityCount, tail);
  if (head === tail) throw new DatasetFormatError(path, `must relate two different entities, got ${head} twice.`);
  const strayIndex = evidence.findIndex((sentence) => sentence < 0 || sentence >= sentenceCount);
  if (strayIndex >= 0) throw outside(`${path}.evidence[${strayIndex}]`, sentenceCount, evidence[strayIndex]);
  return { head, tail, relation, evidence };
}

function outside(path: string, count: number, value: number | undefined): DatasetFormatError {
  return new DatasetFormatError(path, `must be at least 0 and below ${count}, got ${value}.`);
}
