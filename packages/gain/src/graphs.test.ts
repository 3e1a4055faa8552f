import type { Document, Mention } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import { buildEntityGraph, buildMentionGraph } from "./graphs.ts";

const at = (sentence: number, word: number): Mention => {
  return { name: `${sentence}/${word}`, type: "PER", sentence, start: word, end: word + 1 };
};

function documentOf(sentenceCount: number, ...entities: Mention[][]): Pick<Document, "entities" | "sentences"> {
  const sentences = Array.from({ length: sentenceCount }, () => ["a", "b", "c", "."]);
  return { sentences, entities: entities.map((mentions) => ({ mentions })) };
}

describe("buildMentionGraph", () => {
  it("links an entity's mentions, those of one sentence, and all with the document", () => {
    // Mentions 1 and 2 of the first entity, 3 of the second; 1 and 3 share a sentence.
    const { nodeCount, edges } = buildMentionGraph(documentOf(2, [at(0, 0), at(1, 0)], [at(0, 1)]));

    expect(nodeCount).toBe(4);
    expect(edges).toEqual({
      intraEntity: [
        [1, 2],
        [2, 1],
      ],
      interEntity: [
        [1, 3],
        [3, 1],
      ],
      document: [
        [1, 0],
        [0, 1],
        [2, 0],
        [0, 2],
        [3, 0],
        [0, 3],
      ],
    });
  });

  it("puts the first mention's edge to the document where a kind has none", () => {
    const { edges } = buildMentionGraph(documentOf(2, [at(0, 0)], [at(1, 0)]));

    expect(edges.intraEntity).toEqual([[1, 0]]);
    expect(edges.interEntity).toEqual([[1, 0]]);
  });

  it("has no such edge where the first entity has no mention", () => {
    const { nodeCount, edges } = buildMentionGraph(documentOf(1, [], [at(0, 0)]));

    expect(nodeCount).toBe(2);
    expect(edges.intraEntity).toEqual([]);
    expect(edges.document).toHaveLength(2);
  });

  it("is the document's node alone without entities", () => {
    const { nodeCount, edges } = buildMentionGraph(documentOf(1));

    expect(nodeCount).toBe(1);
    expect(Object.values(edges).flat()).toEqual([]);
  });
});

describe("buildEntityGraph", () => {
  // Sentence 0 names entities 0 and 1, sentence 1 names 1 and 2, sentence 2 names 3.
  const chain = documentOf(3, [at(0, 0)], [at(0, 1), at(1, 0)], [at(1, 1)], [at(2, 0)]);

  it("links entities that one sentence names, in both directions, once", () => {
    const twice = documentOf(2, [at(0, 0), at(1, 0)], [at(0, 1), at(1, 1)]);

    expect(buildEntityGraph(chain).edges).toEqual([
      [0, 1],
      [1, 0],
      [1, 2],
      [2, 1],
    ]);
    expect(buildEntityGraph(twice).edges).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it("finds the entities between two others, and takes a link of their own for no path", () => {
    const graph = buildEntityGraph(chain);

    expect(graph.middles(0, 2)).toEqual([1]);
    expect(graph.middles(2, 0)).toEqual([1]);
    expect(graph.middles(0, 1)).toEqual([]);
    expect(graph.middles(0, 3)).toEqual([]);
  });

  it("has no links with one entity, nor for an entity without a mention", () => {
    expect(buildEntityGraph(documentOf(1, [at(0, 0)])).edges).toEqual([]);
    expect(buildEntityGraph(documentOf(1, [at(0, 0)], [])).edges).toEqual([]);
  });
});
