import { readFile } from "node:fs/promises";

import type { EntityRelation, Extraction, Span, SpanRelation, TypedSpan } from "@relatum/datasets";

import { RunDirectoryError } from "./run-directory.ts";

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
  try {
    const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
    return toExtraction(lines.map((line) => JSON.parse(line) as PredictionLine));
  } catch (cause) {
    throw new RunDirectoryError(`${path} must hold a run's predictions: ${(cause as Error).message}`, { cause });
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
