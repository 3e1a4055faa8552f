import { readFile } from "node:fs/promises";

import type { EntityRelation, Extraction, Span, SpanRelation, TypedSpan } from "@relatum/datasets";

import { RunDirectoryError } from "./run-directory.ts";
import { entityLineShape, shapeProblem, spanLineShape } from "./stored-shapes.ts";

/** A line of a prediction file, as `formatPredictions` writes it. */
interface PredictionLine {
  readonly id: string;
  readonly relations: readonly (Omit<EntityRelation & SpanRelation, "documentId" | "head" | "tail"> & {
    readonly head: number & Span;
    readonly tail: number & Span;
  })[];
  /** Of models of sentences alone. */
  readonly spans?: readonly (Omit<TypedSpan, "documentId"> & { readonly name: string })[];
}

/**
 * Reads what a run has found from one of its prediction files.
 *
 * @throws {RunDirectoryError} If the file cannot be read or a line is no prediction.
 */
export async function readPredictions(path: string): Promise<Extraction> {
  const text = await readFile(path, "utf8").catch((cause: Error) => {
    throw new RunDirectoryError(`${path} must hold a run's predictions: ${cause.message}`, { cause });
  });
  const lines = text.split("\n").flatMap((line, index) => (line === "" ? [] : [parseLine(line, path, index + 1)]));
  const shape = lines.some(({ content }) => content?.spans !== undefined) ? spanLineShape : entityLineShape;
  return toExtraction(
    lines.map(({ content, place }) => {
      const problem = shapeProblem(shape, content);
      if (problem === undefined && content !== null) return content;
      throw new RunDirectoryError(`${place} must hold a document's predictions, but ${problem}.`);
    }),
  );
}

/** What a line says, of which nothing is checked yet, and where it stands. */
function parseLine(line: string, path: string, number: number): { content: PredictionLine | null; place: string } {
  const place = `${path} line ${number}`;
  try {
    return { content: JSON.parse(line) as PredictionLine | null, place };
  } catch (cause) {
    throw new RunDirectoryError(`${place} must hold a document's predictions: ${(cause as Error).message}`, { cause });
  }
}

function toExtraction(lines: readonly PredictionLine[]): Extraction {
  const relations = lines.flatMap(({ id, relations: found }) =>
    found.map((relation) => ({ ...relation, documentId: id })),
  );
  if (lines.every(({ spans }) => spans === undefined)) return { task: "document", relations };
  const spans = lines.flatMap(({ id, spans: found = [] }) => found.map((span) => ({ ...span, documentId: id })));
  return { task: "sentence", spans, relations };
}
