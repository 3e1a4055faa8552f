import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import type { Document } from "./document.ts";
import { documentsHash } from "./documents-hash.ts";
import { syntheticDocuments } from "./testing.ts";

const documents = syntheticDocuments({ seed: 1, count: 3, relations: ["likes", "knows"] });
const [first, ...others] = documents as [Document, ...Document[]];

/** The same documents with some fields of the first one changed. */
const changed = (changes: Partial<Document>): Document[] => [{ ...first, ...changes }, ...others];

describe("documentsHash", () => {
  it("is the SHA-256 of each document after the hash of those before", async () => {
    const empty: Document = { id: "ä", sentences: [["a"]], entities: [], relations: [], labelled: true };
    const text = '["ä",true,[["a"]],[],[],null]';
    const one = createHash("sha256").update(text).digest();
    const two = createHash("sha256").update(one).update(text).digest("hex");

    expect(await documentsHash([empty])).toBe(one.toString("hex"));
    expect(await documentsHash([empty, empty])).toBe(two);
  });

  it("does not depend on the order of fields or on what nothing reads", async () => {
    const turned = documents.map((document) => Object.fromEntries(Object.entries(document).toReversed()));

    const hash = await documentsHash(turned as unknown as Document[]);

    expect(hash).toBe(await documentsHash(documents));
    expect(await documentsHash(changed({ extras: { clusters: [] } }))).toBe(hash);
  });

  it.each<[string, readonly Document[]]>([
    ["another title", changed({ id: "another" })],
    [
      "another word",
      changed({ sentences: [["Another", ...(first.sentences[0] ?? []).slice(1)], ...first.sentences.slice(1)] }),
    ],
    ["a sentence that ends elsewhere", changed({ sentences: [first.sentences.flat()] })],
    [
      "one mention less",
      changed({ entities: first.entities.map(({ mentions }) => ({ mentions: mentions.slice(1) })) }),
    ],
    ["another key", changed({ entities: first.entities.map((entity) => ({ ...entity, key: "D1" })) })],
    ["another relation", changed({ relations: first.relations.map((fact) => ({ ...fact, relation: "hates" })) })],
    ["no labels", changed({ labelled: false })],
    ["candidates", changed({ candidatePairs: [[0, 1]] })],
    ["another order", documents.toReversed()],
    ["a document less", others],
  ])("tells %s", async (_, different) => {
    expect(await documentsHash(different)).not.toBe(await documentsHash(documents));
  });
});
