import { z } from "zod";

import type { Document } from "./document.ts";
import { DatasetFormatError } from "./format.ts";
import { checkShape, describeValue } from "./json-shape.ts";

const factShape = z.tuple([z.string(), z.string(), z.string()]);

/** The text under which sets of known facts hold a fact: the JSON of `[headName, tailName, relation]`. */
export function factKey(headName: string, tailName: string, relation: string): string {
  return JSON.stringify([headName, tailName, relation]);
}

/**
 * The facts that documents state, as the keys of {@link factKey}.
 *
 * As in DocRED's official script, a labelled relation counts once for each name of its head with each name of its tail.
 * Scores that ignore what training has seen (Ign F1) take this set.
 */
export function trainFacts(documents: readonly Document[]): ReadonlySet<string> {
  const facts = new Set<string>();
  for (const { entities, relations } of documents) {
    const names = entities.map(({ mentions }) => new Set(mentions.map(({ name }) => name)));
    for (const { head, tail, relation } of relations) {
      for (const headName of names[head] ?? []) {
        for (const tailName of names[tail] ?? []) facts.add(factKey(headName, tailName, relation));
      }
    }
  }
  return facts;
}

/**
 * Reads the JSON of a `.fact` file of DocRED's official script: a list of `[head name, tail name, relation]`.
 *
 * @returns The facts as the keys of {@link factKey}.
 * @throws {DatasetFormatError} If the JSON has another form; the path says where.
 */
export function parseFacts(json: unknown): ReadonlySet<string> {
  if (!Array.isArray(json)) {
    throw new DatasetFormatError("The file", `must hold a list of facts, got ${describeValue(json)}.`);
  }
  return new Set(json.map((item: unknown, index) => factKey(...checkShape(factShape, item, `[${index}]`))));
}
