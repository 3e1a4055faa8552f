import type { Document, Mention } from "@relatum/datasets";

/** Where the words of a document stand among its tokens. */
export interface TokenPlaces {
  /** By sentence and word, the first token of the word; one more entry ends the sentence. */
  readonly wordStarts: readonly (readonly number[])[];
  /** How many tokens there are, start and end tokens included, after cutting. */
  readonly tokenCount: number;
  /** The token after the last one of a word. */
  readonly textEnd: number;
}

/** A node of the mention graph. */
export interface MentionNode {
  /** Number of its entity; -1 for the document's own node. */
  readonly entity: number;
  readonly type: string;
  readonly name: string;
}

/** A document's mentions as nodes of a graph, numbered from 1, and the tokens they stand on. */
export interface MentionLayout {
  /** By token, the mention that it belongs to; 0 = none. */
  readonly tokenMentions: readonly number[];
  /** By entity, its mentions; none for an entity whose every mention was cut off or belongs to another entity. */
  readonly entityMentions: readonly (readonly number[])[];
  /** By number; the first is the document's own. */
  readonly nodes: readonly MentionNode[];
  /** By sentence, the mentions that have a token in it, ascending. */
  readonly sentenceMentions: readonly (readonly number[])[];
}

/** One token a word, for documents that are looked at as they are. */
export function wordPlaces({ sentences }: Pick<Document, "sentences">): TokenPlaces {
  let next = 0;
  const wordStarts = sentences.map((words) => [...words.map(() => next++), next]);
  return { wordStarts, tokenCount: next, textEnd: next };
}

/**
 * Numbers a document's mentions and gives each token to one of them at the most.
 *
 * As in the authors' code, mentions are numbered entity after entity; a run of tokens that was a mention before is not
 * one again; of mentions that overlap, the later one has the tokens. A mention without a token is a node all the same,
 * if it lost them to others, and none if it was cut off.
 *
 * @param edgeCases `released` lets a mention at the end of the text include the end token, and an entity that is the last
 *   and has no mention stand on the first free token, as the authors' code does.
 */
export function layOutMentions(
  { entities }: Pick<Document, "entities">,
  places: TokenPlaces,
  edgeCases: "defined" | "released" = "defined",
): MentionLayout {
  const isReleased = edgeCases === "released";
  const { wordStarts, tokenCount, textEnd } = places;
  const tokenMentions = Array<number>(tokenCount).fill(0);
  const nodes = [DOCUMENT_NODE];
  const addNode = (entity: number, { type, name }: Pick<Mention, "type" | "name">): number =>
    nodes.push({ entity, type, name }) - 1;
  const taken = new Set<string>();
  const entityMentions = entities.map(({ mentions }, entity) =>
    mentions.flatMap((mention) => {
      const start = wordStarts[mention.sentence]?.[mention.start] as number;
      const end = wordStarts[mention.sentence]?.[mention.end] as number;
      const lastToken = end < textEnd ? end : isReleased ? tokenCount : textEnd;
      const key = `${start}/${lastToken}`;
      if (start >= textEnd || taken.has(key)) return [];
      taken.add(key);
      const number = addNode(entity, mention);
      tokenMentions.fill(number, start, lastToken);
      return [number];
    }),
  );
  // Documents of words alone have no end token, and the authors' code for them no such rule.
  if (isReleased && textEnd < tokenCount && entityMentions.at(-1)?.length === 0) {
    const number = addNode(entities.length - 1, entities.at(-1)?.mentions[0] ?? DOCUMENT_NODE);
    tokenMentions[tokenMentions.indexOf(0)] = number;
    entityMentions[entities.length - 1] = [number];
  }
  return { tokenMentions, entityMentions, nodes, sentenceMentions: bySentence(tokenMentions, places) };
}

const DOCUMENT_NODE: MentionNode = { entity: -1, type: "", name: "" };

/** Start tokens belong to the first sentence and end tokens to the last. */
function bySentence(tokenMentions: readonly number[], { wordStarts, tokenCount }: TokenPlaces): number[][] {
  return wordStarts.map((starts, sentence) => {
    const start = sentence === 0 ? 0 : (starts[0] as number);
    const end = sentence === wordStarts.length - 1 ? tokenCount : (starts.at(-1) as number);
    const numbers = new Set(tokenMentions.slice(start, end));
    numbers.delete(0);
    return [...numbers].toSorted((left, right) => left - right);
  });
}
