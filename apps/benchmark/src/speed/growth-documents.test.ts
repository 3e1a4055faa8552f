import { describe, expect, it } from "vitest";

import { GROWTH_RELATIONS, growthDocuments } from "./growth-documents.ts";

describe("growthDocuments", () => {
  it("makes documents of so many words and entities of two mentions, all in the first third", () => {
    const documents = growthDocuments({ documents: 3, words: 360, entities: 60 });

    expect(documents).toHaveLength(3);
    for (const { sentences, entities, relations } of documents) {
      expect(sentences.flat()).toHaveLength(360);
      expect(entities).toHaveLength(60);
      const mentions = entities.flatMap((entity) => entity.mentions);
      for (const { name, sentence, start } of mentions) expect(sentences[sentence]?.[start]).toBe(name);
      const places = mentions.map(({ sentence, start }) => sentence * 25 + start);
      expect(new Set(places).size).toBe(120);
      expect(Math.max(...places)).toBeLessThan(120);
      expect(GROWTH_RELATIONS).toContain(relations[0]?.relation);
    }
  });
});
