import { type Document, documentPairs, type EntityPair } from "./document.ts";

/** The pairs of a document that are classified, with their labels. */
export interface LabelledPairs {
  readonly pairs: readonly EntityPair[];
  /** Label numbers of each pair in rising order, `[0]` where it has no relation; nothing where labels are not known. */
  readonly targets?: readonly (readonly number[])[];
}

/**
 * Numbers the relations of a document's pairs.
 *
 * Without candidate pairs the related ones come first, in the order in which the data names them, as the authors of
 * ATLOP and GAIN list them; then all others.
 *
 * @param relations In label order: the first is label 1.
 * @throws {RangeError} If the document states a relation that is not listed.
 */
export function labelPairs(document: Document, relations: readonly string[]): LabelledPairs {
  const pairs = documentPairs(document);
  if (!document.labelled) return { pairs };
  const labels = labelsByPair(document, relations);
  const isRelated = ([head, tail]: EntityPair): boolean => labels.has(`${head}/${tail}`);
  const related = [...labels.keys()].map(parsePair);
  const ordered = document.candidatePairs ?? [...related, ...pairs.filter((pair) => !isRelated(pair))];
  return { pairs: ordered, targets: ordered.map(([head, tail]) => labels.get(`${head}/${tail}`) ?? [0]) };
}

function labelsByPair(document: Document, relations: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const labelIds = new Map(relations.map((relation, index) => [relation, index + 1]));
  const found = new Map<string, Set<number>>();
  for (const { head, tail, relation } of document.relations) {
    const labelId = labelIds.get(relation);
    if (labelId === undefined) {
      throw new RangeError(
        `document "${document.id}" must use the config's ${labelIds.size} relations only, got "${relation}". ` +
          `Add it to relations, or take the fact out of the document.`,
      );
    }
    const labels = found.get(`${head}/${tail}`) ?? new Set();
    found.set(`${head}/${tail}`, labels.add(labelId));
  }
  return new Map([...found].map(([pair, labels]) => [pair, [...labels].toSorted((left, right) => left - right)]));
}

function parsePair(key: string): EntityPair {
  const [head, tail] = key.split("/").map(Number);
  return [head as number, tail as number];
}
