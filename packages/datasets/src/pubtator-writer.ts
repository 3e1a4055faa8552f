import { endsSentence, mayEndSentence } from "./biomedical-text.ts";
import type { Document, Mention } from "./document.ts";

/**
 * Writes documents in the PubTator form.
 *
 * The text is put together from the words, mentions with the blanks that their names have. Reading it back gives the same
 * documents, if they came from this form; of others, words and sentences are cut anew, and what the form cannot hold is
 * left out: evidence, candidate pairs, and names that differ from the words they stand on. Entities without a key that have
 * several mentions, or that a relation names, are given a key.
 */
export function formatPubtator(documents: readonly Document[]): string {
  return documents.map((document) => `${formatDocument(document)}\n\n`).join("");
}

function formatDocument(document: Document): string {
  const { id, sentences, entities, relations } = document;
  const mentions = entities.flatMap((entity) => entity.mentions);
  const titleSentences = titleLength(sentences);
  const texts = sentences.map((words, sentence) => {
    return writeSentence(
      words,
      mentions.filter((mention) => mention.sentence === sentence),
    );
  });
  const title = texts
    .slice(0, titleSentences)
    .map(({ text }) => text)
    .join(" ");
  const abstract = texts
    .slice(titleSentences)
    .map(({ text }) => text)
    .join(" ");

  // One character stands between two sentences, and between title and abstract.
  const offsets = [0];
  for (const { text } of texts) offsets.push((offsets.at(-1) ?? 0) + characterCount(text) + 1);
  const keys = entityKeys(document);
  const annotations = new Map<string, { start: number; end: number; name: string; type: string; keys: string[] }>();
  entities.forEach((entity, number) => {
    for (const { sentence, start, end, type } of entity.mentions) {
      const { text, starts, ends } = texts[sentence]!; // mentions lie inside their document
      const name = text.slice(starts[start], ends[end - 1]);
      const first = (offsets[sentence] ?? 0) + characterCount(text.slice(0, starts[start]));
      const place = `${first} ${name.length} ${type}${keys[number] === "-1" ? ` ${number}` : ""}`;
      const known = annotations.get(place);
      if (known !== undefined) known.keys.push(keys[number] ?? "");
      else
        annotations.set(place, {
          start: first,
          end: first + characterCount(name),
          name,
          type,
          keys: [keys[number] ?? ""],
        });
    }
  });
  const lines = [...annotations.values()]
    .toSorted((one, other) => one.start - other.start || one.end - other.end)
    .map(({ start, end, name, type, keys: own }) => [id, start, end, name, type, own.join("|")].join("\t"));
  const facts = relations.map(({ head, tail, relation }) => [id, relation, keys[head], keys[tail]].join("\t"));
  return [`${id}|t|${title}`, `${id}|a|${abstract}`, ...lines, ...facts].join("\n");
}

/** How many sentences to write as the title, so that a reader finds the same sentences where it can. */
function titleLength(sentences: readonly (readonly string[])[]): number {
  const open = sentences.findIndex((words, index) => {
    const follower = sentences[index + 1]?.[0];
    return follower !== undefined && !endsSentence(words, follower);
  });
  return open < 0 ? 1 : open + 1;
}

/** The words with blanks between them, and where each begins and ends. */
function writeSentence(
  words: readonly string[],
  mentions: readonly Mention[],
): { text: string; starts: number[]; ends: number[] } {
  const gaps = words.map((_, index): string => {
    // A blank after a full stop inside a sentence would end it.
    return index + 1 === words.length || mayEndSentence(words.slice(0, index + 1)) ? "" : " ";
  });
  for (const mention of mentions.toSorted((one, other) => other.end - other.start - (one.end - one.start))) {
    const own = gapsOfName(mention, words);
    if (own !== undefined) gaps.splice(mention.start, own.length, ...own);
  }
  const [starts, ends]: [number[], number[]] = [[], []];
  let text = "";
  for (const [index, word] of words.entries()) {
    starts.push(text.length);
    text += word;
    ends.push(text.length);
    text += gaps[index] ?? "";
  }
  return { text, starts, ends };
}

/** The white space that a mention's name has between its words; `undefined` if the name has other words. */
function gapsOfName({ name, start, end }: Mention, words: readonly string[]): string[] | undefined {
  const gaps: string[] = [];
  let rest = name;
  for (const word of words.slice(start, end)) {
    if (!rest.startsWith(word)) return undefined;
    rest = rest.slice(word.length);
    const gap = /^\s*/.exec(rest)?.[0] ?? "";
    gaps.push(gap);
    rest = rest.slice(gap.length);
  }
  gaps.pop();
  return rest === "" ? gaps : undefined;
}

function entityKeys({ entities, relations }: Document): string[] {
  const related = new Set(relations.flatMap(({ head, tail }) => [head, tail]));
  return entities.map(({ key, mentions }, number) => {
    return key ?? (mentions.length > 1 || related.has(number) ? `E${number}` : "-1");
  });
}

function characterCount(text: string): number {
  return text.length - (text.match(/[\u{10000}-\u{10ffff}]/gu)?.length ?? 0);
}
