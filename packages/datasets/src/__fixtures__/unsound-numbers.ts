import { type Document, documentPairs } from "../document.ts";

/** What is wrong with documents: numbers that point to nothing. */
export function unsoundNumbers(documents: readonly Document[]): string[] {
  return documents.flatMap((document) => {
    const { id, sentences, entities, relations } = document;
    const mentions = entities.flatMap((entity) => entity.mentions);
    const pairs = [...documentPairs(document), ...relations.map(({ head, tail }) => [head, tail] as const)];
    const evidence = relations.flatMap((relation) => relation.evidence);
    return [
      ...entities.filter((entity) => entity.mentions.length === 0).map(() => `${id}: empty entity`),
      ...mentions
        .filter(({ sentence, start, end }) => start < 0 || end <= start || end > (sentences[sentence]?.length ?? 0))
        .map(({ name }) => `${id}: place of ${name}`),
      ...pairs
        .filter(([head, tail]) => head === tail || entities[head] === undefined || entities[tail] === undefined)
        .map((pair) => `${id}: pair ${pair.join()}`),
      ...evidence
        .filter((sentence) => sentences[sentence] === undefined)
        .map((sentence) => `${id}: evidence ${sentence}`),
    ];
  });
}
