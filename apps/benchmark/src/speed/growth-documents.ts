import { type Document, type Entity, relationNames, sampleWorld } from "@relatum/datasets";

/** What {@link growthDocuments} makes. */
export interface GrowthDocumentOptions {
  readonly documents: number;
  /** Words of each document; a tokenizer makes at least as many tokens of them. */
  readonly words: number;
  readonly entities: number;
}

const MENTIONS = 2;

const SENTENCE_WORDS = 25;

/** The share of a text, from its beginning, in which all mentions stand: what is cut off the end then holds none. */
const MENTIONED_SHARE = 1 / 3;

/** The text of the sample world, and the names of its relations. */
const world = sampleWorld({ seed: 1, documents: 40 }).documents;

/** Relations that the documents of the growth tables have, in label order. */
export const GROWTH_RELATIONS: readonly string[] = relationNames(world);

/** Makes documents of equal size: running text, and entities of two mentions of one word each. */
export function growthDocuments({ documents, words, entities }: GrowthDocumentOptions): Document[] {
  const text = world.flatMap(({ sentences }) => sentences.flat());
  return Array.from({ length: documents }, (_, number) => {
    const start = (number * words) % text.length;
    const ownWords = Array.from({ length: words }, (_word, index) => text[(start + index) % text.length] as string);
    return {
      id: `growth-${number}`,
      sentences: Array.from({ length: Math.ceil(words / SENTENCE_WORDS) }, (_sentence, index) =>
        ownWords.slice(index * SENTENCE_WORDS, (index + 1) * SENTENCE_WORDS),
      ),
      entities: placeEntities(ownWords, entities),
      relations: [{ head: 0, tail: 1, relation: GROWTH_RELATIONS[0] as string, evidence: [] }],
      labelled: true,
    };
  });
}

/** Entities that take turns at places evenly spread over the beginning of the text. */
function placeEntities(words: readonly string[], count: number): Entity[] {
  const span = Math.max(count * MENTIONS, Math.floor(words.length * MENTIONED_SHARE));
  const gap = span / (count * MENTIONS);
  return Array.from({ length: count }, (_, entity) => ({
    mentions: Array.from({ length: MENTIONS }, (_mention, turn) => {
      const place = Math.floor((turn * count + entity) * gap);
      const sentence = Math.floor(place / SENTENCE_WORDS);
      const start = place % SENTENCE_WORDS;
      return { name: words[place] as string, type: "MISC", sentence, start, end: start + 1 };
    }),
  }));
}
