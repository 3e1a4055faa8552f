import type { Document } from "@relatum/datasets";
import { createRandom } from "@relatum/tensor-utils";
import { describe, expect, it } from "vitest";

import { drawWordVectors } from "./untrained-words.ts";

const documents = [
  {
    sentences: [
      ["The", "cat", "saw"],
      ["the", "Cat"],
    ],
  },
] as unknown as Document[];

describe("drawWordVectors", () => {
  it("draws a vector for each word that occurs twice, in lower case, and none for padding", () => {
    const { vocabulary, values, width } = drawWordVectors(documents, { width: 3, random: createRandom(1) });

    expect(vocabulary.words).toEqual(["BLANK", "UNK", "the", "cat"]);
    expect(width).toBe(3);
    expect(values).toHaveLength(12);
    expect([...values.subarray(0, 3)]).toEqual([0, 0, 0]);
    expect(values.subarray(3).every((value) => value !== 0)).toBe(true);
  });

  it("takes all words when asked", () => {
    const { vocabulary } = drawWordVectors(documents, { width: 1, random: createRandom(1), leastCount: 1 });

    expect(vocabulary.words).toContain("saw");
  });
});
