import type { Document, EntityRelation } from "@relatum/datasets";

import { type PrecisionRecallF1 } from "./counts.ts";
import { scoreDocumentRelations } from "./document-relations.ts";

/**
 * Infer-F1, as in table 5 of the GAIN paper: scores of the relations that take part in two-hop reasoning.
 *
 * A gold fact takes part if it is one of three, head → middle, middle → tail and head → tail, that are all gold. A
 * predicted one takes part if its pair does so together with two gold facts, whether it is gold itself or not. The
 * paper defines the gold facts alone and its authors' code has no Infer-F1, so that the second half is our reading:
 * like intra and inter F1, what counts depends on the gold, not on what else was predicted.
 *
 * @throws {TypeError} If a gold document has no labels.
 */
export function scoreInferenceRelations(
  gold: readonly Document[],
  predicted: readonly EntityRelation[],
): PrecisionRecallF1 {
  const tails = new Map<string, Map<number, Set<number>>>();
  for (const { id, relations } of gold) {
    const tailsByHead = tails.get(id) ?? new Map<number, Set<number>>();
    tails.set(id, tailsByHead);
    for (const { head, tail } of relations) {
      const known = tailsByHead.get(head) ?? new Set<number>();
      tailsByHead.set(head, known.add(tail));
    }
  }
  const takesPart = (id: string, head: number, tail: number): boolean => closesChain(tails.get(id), head, tail);
  const limited = gold.map((document): Document => {
    const relations = document.relations.filter(({ head, tail }) => takesPart(document.id, head, tail));
    return { ...document, relations };
  });
  const found = predicted.filter(({ documentId, head, tail }) => takesPart(documentId, head, tail));
  return scoreDocumentRelations(limited, found).all;
}

/** Whether head → tail is the first hop, the second hop or the shortcut of a chain whose other two pairs are gold. */
function closesChain(tails: ReadonlyMap<number, ReadonlySet<number>> | undefined, head: number, tail: number): boolean {
  if (tails === undefined || head === tail) return false;
  const has = (from: number, to: number): boolean => tails.get(from)?.has(to) ?? false;
  const others = new Set([...tails.keys(), ...[...tails.values()].flatMap((known) => [...known])]);
  others.delete(head);
  others.delete(tail);
  for (const other of others) {
    if (has(head, other) && has(other, tail)) return true;
    if (has(tail, other) && has(head, other)) return true;
    if (has(other, head) && has(other, tail)) return true;
  }
  return false;
}
