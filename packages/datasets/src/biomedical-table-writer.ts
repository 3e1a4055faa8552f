import { type Document, documentPairs, type Entity, type EntityPair, type Mention } from "./document.ts";

/**
 * Writes documents in the tab-separated form that ATLOP reads, a line each.
 *
 * Every candidate pair is written in order, its head first; then, as `not_include`, each other pair of a head's type with a
 * tail's type. The columns that readers other than ours derive otherwise are filled so: the direction is `L2R`, as the head
 * stands first, and the closest spans are those with the fewest words between them. Reading the text back gives the same
 * documents, if they came from this form.
 *
 * @throws {RangeError} If a document has no labels, an entity of more than one type, or a word that the form cannot hold.
 */
export function formatBiomedicalTable(documents: readonly Document[]): string {
  return documents.map((document) => `${formatLine(document)}\n`).join("");
}

function formatLine(document: Document): string {
  if (!document.labelled)
    throw new RangeError(`Document "${document.id}" must be labelled in this form, got no labels.`);
  const sentences = document.sentences.map((words) =>
    words.map((word) => checked(word, /[ |\t\n\r]/, document)).join(" "),
  );
  const sentenceStarts = startsOf(document);
  const entities = document.entities.map((entity, number) => ({
    columns: entityColumns(entity, number, sentenceStarts, document),
    spans: entity.mentions.map((mention) => flatSpan(mention, sentenceStarts)),
  }));

  const candidates = documentPairs(document).flatMap(([head, tail]) => {
    const names = document.relations.filter((fact) => fact.head === head && fact.tail === tail);
    const relations = names.length === 0 ? ["1:NR:2"] : names.map(({ relation }) => `1:${relation}:2`);
    return relations.map((relation) => ({ relation, head, tail }));
  });
  const others = otherPairs(document).map(([head, tail]) => ({ relation: "not_include", head, tail }));

  const columns = [...candidates, ...others].flatMap(({ relation, head, tail }) => {
    const [first, second] = [entities[head]!, entities[tail]!]; // pairs number entities of their document
    const headSentences = new Set(first.spans.map(({ sentence }) => sentence));
    const cross = second.spans.some(({ sentence }) => headSentences.has(sentence)) ? "NON-CROSS" : "CROSS";
    return [relation, "L2R", cross, ...closestSpans(first.spans, second.spans), ...first.columns, ...second.columns];
  });
  return [checked(document.id, /[\t\n\r]/, document), sentences.join("|"), ...columns].join("\t");
}

/** A mention by words of the whole document. */
interface FlatSpan {
  readonly start: number;
  readonly end: number;
  readonly sentence: number;
}

function startsOf({ sentences }: Document): number[] {
  const starts = [0];
  for (const words of sentences) starts.push((starts.at(-1) ?? 0) + words.length);
  return starts;
}

function flatSpan({ sentence, start, end }: Mention, sentenceStarts: readonly number[]): FlatSpan {
  const offset = sentenceStarts[sentence] ?? 0;
  return { start: offset + start, end: offset + end, sentence };
}

function entityColumns(
  { mentions, key }: Entity,
  number: number,
  sentenceStarts: readonly number[],
  document: Document,
): string[] {
  const spans = mentions.map((mention) => flatSpan(mention, sentenceStarts));
  const types = new Set(mentions.map(({ type }) => type));
  if (types.size !== 1) {
    throw new RangeError(
      `Entity ${number} of document "${document.id}" must have one type in this form, got ${[...types].join(", ")}.`,
    );
  }
  return [
    checked(key ?? `E${number}`, /[\t\n\r]/, document),
    mentions.map(({ name }) => checked(name, /[|\t\n\r]/, document)).join("|"),
    ...types,
    spans.map(({ start }) => start).join(":"),
    spans.map(({ end }) => end).join(":"),
    spans.map(({ sentence }) => sentence).join(":"),
  ];
}

/**
 * Pairs that are no candidates although their types are those of candidates.
 *
 * Their order is such that a reader meets the entities that no candidate names in the order of their numbers.
 */
function otherPairs({ entities, candidatePairs = [] }: Document): EntityPair[] {
  const typeOf = (number: number): string => entities[number]?.mentions[0]?.type ?? "";
  const typesOf = (head: number, tail: number): string => `${typeOf(head)}\t${typeOf(tail)}`;
  const candidates = new Set(candidatePairs.flatMap(([head, tail]) => [`${head} ${tail}`, `${tail} ${head}`]));
  const typePairs = new Set(candidatePairs.map(([head, tail]) => typesOf(head, tail)));
  const numbers = entities.map((_, number) => number);
  return numbers
    .flatMap((higher) =>
      numbers
        .slice(0, higher)
        .toReversed()
        .map((lower) => [lower, higher] as const),
    )
    .filter(([lower, higher]) => !candidates.has(`${lower} ${higher}`))
    .flatMap(([lower, higher]): EntityPair[] => {
      if (typePairs.has(typesOf(lower, higher))) return [[lower, higher]];
      return typePairs.has(typesOf(higher, lower)) ? [[higher, lower]] : [];
    });
}

function closestSpans(first: readonly FlatSpan[], second: readonly FlatSpan[]): [string, string] {
  let closest = { gap: Infinity, spans: ["", ""] as [string, string] };
  for (const one of first) {
    for (const other of second) {
      const gap = one.start < other.start ? other.start - one.end : one.start - other.end;
      if (gap >= closest.gap) continue;
      closest = { gap, spans: [`${one.start}-${one.end}`, `${other.start}-${other.end}`] };
    }
  }
  return closest.spans;
}

/** The text, if it is not empty and has none of the characters that separate texts here. */
function checked(text: string, separators: RegExp, { id }: Document): string {
  if (text !== "" && !separators.test(text)) return text;
  throw new RangeError(
    `Texts of document "${id}" must hold something and nothing of ${separators}, got ${JSON.stringify(text)}.`,
  );
}
