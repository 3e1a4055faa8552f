import type { Document, EntityRelation, Extraction, SpanRelation } from "@relatum/datasets";

/** A line of a prediction file for every document, in order, with a line break after each. */
export function formatPredictions(documents: readonly Document[], extraction: Extraction): string {
  const lines = extraction.task === "document" ? entityLines(documents, extraction) : spanLines(documents, extraction);
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function entityLines(
  documents: readonly Document[],
  { relations }: { readonly relations: readonly EntityRelation[] },
): unknown[] {
  const byDocument = new Map(documents.map(({ id }): [string, EntityRelation[]] => [id, []]));
  for (const relation of relations) byDocument.get(relation.documentId)?.push(relation);
  return documents.map(({ id, entities }) => {
    const nameOf = (entity: number): string => entities[entity]?.mentions[0]?.name ?? "";
    const found = byDocument.get(id) ?? [];
    return {
      id,
      relations: found.map(({ head, tail, relation, score, evidence }) => ({
        head,
        tail,
        relation,
        score,
        headName: nameOf(head),
        tailName: nameOf(tail),
        ...(evidence && { evidence }),
      })),
    };
  });
}

function spanLines(
  documents: readonly Document[],
  { spans, relations }: Extract<Extraction, { task: "sentence" }>,
): unknown[] {
  return documents.map(({ id, sentences }) => {
    const textOf = ({ sentence, start, end }: SpanRelation["head"]): string =>
      (sentences[sentence] ?? []).slice(start, end).join(" ");
    return {
      id,
      spans: spans.filter(({ documentId }) => documentId === id).map((span) => ({ ...span, text: textOf(span) })),
      relations: relations
        .filter(({ documentId }) => documentId === id)
        .map((found) => ({ ...found, headName: textOf(found.head), tailName: textOf(found.tail) })),
    };
  });
}
