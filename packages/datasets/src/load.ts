import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";

import { type BiomedicalTableOptions, biomedicalTableParser } from "./biomedical-table.ts";
import type { Document } from "./document.ts";
import { parseDocred } from "./docred.ts";
import type { SentenceExtraction } from "./extraction.ts";
import { parseFacts } from "./facts.ts";
import { DatasetFormatError, withFileName } from "./format.ts";
import { parseLabels } from "./labels.ts";
import type { LineParser } from "./line-parser.ts";
import { type PubtatorOptions, pubtatorParser, settleLabels } from "./pubtator.ts";
import { parseSciErcPredictions, type SciErcOptions, sciErcParser } from "./scierc.ts";

/** The forms of files that {@link loadDocuments} reads. */
export const DATASET_FORMATS = ["docred", "pubtator", "biomedical-table", "scierc"] as const;

/** A form of files that {@link loadDocuments} reads. */
export type DatasetFormat = (typeof DATASET_FORMATS)[number];

/** How {@link loadDocuments} reads; what concerns one format is not read for another. */
export interface LoadOptions {
  /** For `biomedical-table`. */
  readonly headFrom?: BiomedicalTableOptions["headFrom"];
  /** For `pubtator`. */
  readonly candidateTypes?: PubtatorOptions["candidateTypes"];
  /** For `scierc`. */
  readonly spans?: SciErcOptions["spans"];
}

/**
 * Reads the documents of a file.
 *
 * @throws {DatasetFormatError} If the file does not follow the format; the message says where, and which format it looks
 *   like if that is another one.
 */
export async function loadDocuments(
  path: string,
  format: DatasetFormat,
  options: LoadOptions = {},
): Promise<Document[]> {
  try {
    const documents = await readDocuments(path, format, options);
    if (documents.length === 0) throw new DatasetFormatError("The file", "must hold documents, got none.");
    return documents;
  } catch (error) {
    throw withFileName(path, await withLikelyFormat(path, format, error));
  }
}

/**
 * Reads what a model has found from a file of SciERC's form; see `parseSciErcPredictions`.
 *
 * @throws {DatasetFormatError} If the file has another form.
 */
export async function loadPredictions(path: string): Promise<SentenceExtraction> {
  try {
    return parseSciErcPredictions(await readText(path));
  } catch (error) {
    throw withFileName(path, error);
  }
}

/**
 * Reads a `.fact` file of DocRED's official script: the facts that training has seen, for scores that ignore them.
 *
 * @returns The facts as the keys of `factKey`.
 * @throws {DatasetFormatError} If the file has another form.
 */
export async function loadFacts(path: string): Promise<ReadonlySet<string>> {
  try {
    return parseFacts(await readJson(path));
  } catch (error) {
    throw withFileName(path, error);
  }
}

/**
 * Reads a label file; see `parseLabels` for its forms.
 *
 * @throws {DatasetFormatError} If the file has another form.
 */
export async function loadLabels(path: string): Promise<string[]> {
  try {
    return parseLabels(await readText(path));
  } catch (error) {
    throw withFileName(path, error);
  }
}

function readDocuments(path: string, format: DatasetFormat, options: LoadOptions): Promise<Document[]> {
  switch (format) {
    case "docred":
      return readJson(path).then(parseDocred);
    case "pubtator":
      return readLines(path, pubtatorParser(options)).then(settleLabels);
    case "biomedical-table":
      return readLines(path, biomedicalTableParser(options));
    case "scierc":
      return readLines(path, sciErcParser(options));
    default:
      throw new RangeError(
        `format must be one of ${DATASET_FORMATS.join(", ")}, got ${String(format satisfies never)}.`,
      );
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = (await readText(path)).replace(/^\uFEFF/, "");
  if (text.trim() === "") throw new DatasetFormatError("The file", "must hold JSON, got an empty file.");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const cut = /^\s*[[{]/.test(text) && !/[\]}]\s*$/.test(text);
    const found = cut ? "a text that ends too early. Fetch it again" : `something else: ${(error as Error).message}`;
    throw new DatasetFormatError("The file", `must hold JSON, got ${found}.`, { cause: error });
  }
}

/** Codes of Node's errors for files that do not fit into one text. */
const TOO_LONG = new Set(["ERR_STRING_TOO_LONG", "ERR_FS_FILE_TOO_LARGE"]);

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (!TOO_LONG.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    const problem = "must fit into one text, got more than half a gigabyte. Split it.";
    throw new DatasetFormatError("The file", problem, { cause: error });
  }
}

async function readLines(path: string, parser: LineParser): Promise<Document[]> {
  const documents: Document[] = [];
  const keep = (document: Document | undefined): void => {
    if (document !== undefined) documents.push(document);
  };
  let first = true;
  for await (const line of linesOf(createReadStream(path, "utf8"))) {
    keep(parser.readLine(first ? line.replace(/^\uFEFF/, "") : line));
    first = false;
  }
  keep(parser.end());
  return documents;
}

/** Most characters of a line: twice as many would be more than a text can have. */
const MAX_LINE = 2 ** 28;

/** The lines of a text. Not by `node:readline`, which ends lines at U+2028 too, a character that JSON may hold as it is. */
async function* linesOf(chunks: AsyncIterable<unknown>): AsyncGenerator<string> {
  let rest = "";
  let lineCount = 0;
  for await (const chunk of chunks) {
    const [first = "", ...others] = String(chunk).split("\n");
    rest += first;
    if (rest.length > MAX_LINE) {
      const problem = `must have at most ${MAX_LINE} characters. A line is a document, or a part of one.`;
      throw new DatasetFormatError(`line ${lineCount + 1}`, problem);
    }
    lineCount += others.length;
    for (const next of others) {
      yield rest.replace(/\r$/, "");
      rest = next;
    }
  }
  if (rest !== "") yield rest;
}

/** The error with the format that the file looks like, where that is not the format asked for. */
async function withLikelyFormat(path: string, format: DatasetFormat, error: unknown): Promise<unknown> {
  if (!(error instanceof DatasetFormatError)) return error;
  const likely = likelyFormat(await readStart(path));
  if (likely === undefined || likely === format) return error;
  const advice = `It looks like the format "${likely}": try that instead of "${format}".`;
  return new DatasetFormatError(error.path, `${error.problem} ${advice}`, { cause: error });
}

async function readStart(path: string): Promise<string> {
  for await (const chunk of createReadStream(path, { encoding: "utf8", end: 65_535 })) return chunk as string;
  return "";
}

function likelyFormat(start: string): DatasetFormat | undefined {
  const text = start.replace(/^\uFEFF/, "").trimStart();
  if (/^\{\s*"/.test(text) && text.includes('"sentences"')) return "scierc";
  if (/^\[\s*\{/.test(text)) return "docred";
  if (/^[^\t\n|]+\|[ta]\|/.test(text)) return "pubtator";
  if (/^[^\t\n|]+\t[^\t\n]+\t(1:[^\t\n]+:2|not_include)\t/.test(text)) return "biomedical-table";
  return undefined;
}
