import { describe, expect, it } from "vitest";

import { formatDocred, parseDocred } from "./docred.ts";
import { relationNames } from "./labels.ts";
import { syntheticDocuments } from "./testing.ts";

describe("syntheticDocuments", () => {
  it("makes documents that follow DocRED's form", () => {
    const documents = syntheticDocuments({ seed: 1, count: 20, relations: ["likes", "fears"] });

    expect(documents).toHaveLength(20);
    expect(parseDocred(formatDocred(documents))).toEqual(documents);
  });

  it("makes the same documents from the same seed, and others from another", () => {
    const options = { seed: 1, count: 4, relations: ["likes"] };

    expect(syntheticDocuments(options)).toEqual(syntheticDocuments(options));
    expect(syntheticDocuments({ ...options, seed: 2 })).not.toEqual(syntheticDocuments(options));
  });

  it("states each relation once there are as many documents as relations", () => {
    const relations = ["fears", "likes", "meets", "owns", "pays"];

    expect(relationNames(syntheticDocuments({ seed: 3, count: 5, relations }))).toEqual(relations);
  });

  it("names a head, the relation and a tail in the sentence that states a fact", () => {
    const [document] = syntheticDocuments({ seed: 1, count: 1, relations: ["likes"] });

    const fact = document!.relations[0]!;
    const [head, tail] = [fact.head, fact.tail].map((number) => document!.entities[number]!.mentions[0]!.name);
    expect(document!.sentences[0]!.slice(0, 3)).toEqual([head, "likes", tail]);
  });

  it("names the first entity in every sentence", () => {
    const documents = syntheticDocuments({ seed: 1, count: 10, relations: ["likes"] });

    for (const { entities, sentences } of documents) {
      expect(entities[0]?.mentions.map(({ sentence }) => sentence)).toEqual([...sentences.keys()]);
    }
  });

  it("refuses to make nothing", () => {
    expect(() => syntheticDocuments({ seed: 1, count: 0, relations: ["likes"] })).toThrow(
      "count must be a positive integer, got 0.",
    );
    expect(() => syntheticDocuments({ seed: 1, count: 1, relations: [] })).toThrow(
      "relations must name at least one relation, got none.",
    );
  });
});
