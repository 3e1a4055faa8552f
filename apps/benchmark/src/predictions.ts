import type {
  Document,
  DocumentExtraction,
  EntityRelation,
  Extraction,
  SentenceExtraction,
  Span,
} from "@relatum/datasets";
import { formatSciErc } from "@relatum/datasets";

import type { DataFormat } from "./experiment.ts";

/** As {@link formatPredictions}, but what was found in sentences in the format `scierc` where documents came in it. */
export function formatFound(documents: readonly Document[], found: Extraction, format: DataFormat): string {
  if (format !== "scierc" || found.task !== "sentence") return formatPredictions(documents, found);
  return formatSciErc(documents, { predictions: found });
}

/** A line of a prediction file for every document, in order, with a line break after each. */
export function formatPredictions(documents: readonly Document[], extraction: Extraction): string {
  const lines = extraction.task === "document" ? entityLines(documents, extraction) : spanLines(documents, extraction);
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function entityLines(documents: readonly Document[], { relations }: DocumentExtraction): unknown[] {
  const byDocument = groupByDocument(relations);
  return documents.map(({ id, entities }) => {
    const nameOf = (entity: number): string => entities[entity]?.mentions[0]?.name ?? "";
    const found = byDocument.get(id) ?? [];
    return {
      id,
      relations: found.map(({ head, tail, relation, score, evidence }: EntityRelation) => ({
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

function spanLines(documents: readonly Document[], { spans, relations }: SentenceExtraction): unknown[] {
  const [spansOf, relationsOf] = [groupByDocument(spans), groupByDocument(relations)];
  return documents.map(({ id, sentences }) => {
    const nameOf = ({ sentence, start, end }: Span): string => (sentences[sentence] ?? []).slice(start, end).join(" ");
    return {
      id,
      spans: (spansOf.get(id) ?? []).map(({ sentence, start, end, type, score }) => {
        return { sentence, start, end, type, score, name: nameOf({ sentence, start, end }) };
      }),
      relations: (relationsOf.get(id) ?? []).map(({ head, tail, relation, score, headType, tailType }) => ({
        head,
        tail,
        relation,
        score,
        headName: nameOf(head),
        tailName: nameOf(tail),
        ...(headType !== undefined && { headType }),
        ...(tailType !== undefined && { tailType }),
      })),
    };
  });
}

function groupByDocument<Found extends { readonly documentId: string }>(all: readonly Found[]): Map<string, Found[]> {
  const groups = new Map<string, Found[]>();
  for (const found of all) {
    const group = groups.get(found.documentId);
    if (group === undefined) groups.set(found.documentId, [found]);
    else group.push(found);
  }
  return groups;
}
