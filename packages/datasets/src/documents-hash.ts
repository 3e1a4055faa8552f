import type { Document } from "./document.ts";

/**
 * Gives the SHA-256, in hexadecimal, of what documents say, in their order.
 *
 * All fields count but `extras`, which nothing reads.
 */
export async function documentsHash(documents: readonly Document[]): Promise<string> {
  const encoder = new TextEncoder();
  // A chain, so that no more than one document's text is held besides.
  let hash: Uint8Array = new Uint8Array();
  for (const document of documents) {
    const content = encoder.encode(contentOf(document));
    const link = new Uint8Array(hash.length + content.length);
    link.set(hash);
    link.set(content, hash.length);
    hash = new Uint8Array(await crypto.subtle.digest("SHA-256", link));
  }
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A document as text that does not depend on the order of an object's fields. */
function contentOf({ id, sentences, entities, relations, labelled, candidatePairs }: Document): string {
  return JSON.stringify([
    id,
    labelled,
    sentences,
    entities.map(({ key, mentions }) => [
      key,
      mentions.map(({ name, type, sentence, start, end, flavor }) => [name, type, sentence, start, end, flavor]),
    ]),
    relations.map(({ head, tail, relation, evidence }) => [head, tail, relation, evidence]),
    candidatePairs,
  ]);
}
