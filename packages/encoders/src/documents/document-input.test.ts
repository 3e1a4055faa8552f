import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { collateDocuments, countTokens, disposeDocuments } from "./document-input.ts";

const TOKENIZER = { startIds: [2], endIds: [3], padId: 0 };

function sequence(length: number): number[] {
  return Array.from({ length }, (_, index) => (index === 0 ? 2 : index === length - 1 ? 3 : 10 + index));
}

describe("collateDocuments", () => {
  it("makes one row of each document, padded to the longest", () => {
    const input = collateDocuments([sequence(4), sequence(2)], [[1], []], TOKENIZER, { maxRowTokens: 8 });

    expect(input.windows.tokenIds.arraySync()).toEqual([
      [2, 11, 12, 3],
      [2, 3, 0, 0],
    ]);
    expect(input.windows.mask.arraySync()).toEqual([
      [1, 1, 1, 1],
      [1, 1, 0, 0],
    ]);
    expect(input.tokenMask.arraySync()).toEqual(input.windows.mask.arraySync());
    expect(input.queryMask.arraySync()).toEqual([[1], [0]]);
    expect(input.placement).toBeUndefined();
    disposeDocuments(input);
  });

  it("fills rows up with the padding id it is given, else with the tokenizer's", () => {
    const input = collateDocuments([sequence(3), sequence(2)], [[], []], TOKENIZER, { maxRowTokens: 8, padId: 7 });

    expect(input.windows.tokenIds.arraySync()[1]).toEqual([2, 3, 7]);
    disposeDocuments(input);
  });

  it("gives buckets few sizes: rows of 64s up to the longest, powers of two and halfway for queries", () => {
    const shapes = [70, 90, 128].map((length) => {
      const queries = Array.from({ length: length >> 3 }, (_, index) => index);
      const input = collateDocuments([sequence(length)], [queries], TOKENIZER, { maxRowTokens: 512, pad: "buckets" });
      const shape = [...input.windows.tokenIds.shape, ...input.queryMask.shape];
      disposeDocuments(input);
      return shape;
    });

    expect(shapes).toEqual([
      [1, 128, 1, 8],
      [1, 128, 1, 12],
      [1, 128, 1, 16],
    ]);
  });

  it("gives rows of other steps where they are asked for", () => {
    const input = collateDocuments([sequence(70)], [[]], TOKENIZER, { maxRowTokens: 512, pad: "buckets", rowStep: 16 });

    expect(input.windows.tokenIds.shape).toEqual([1, 80]);
    expect(input.tokenMask.shape).toEqual([1, 80]);
    disposeDocuments(input);
  });

  it("gives buckets for split documents too, never wider than a row may be", () => {
    // 1 row, 2 rows and 3 rows make 6; 1,100 tokens are 18 times 64, and the next bucket is 24 times 64.
    const documents = [40, 700, 1100].map(sequence);

    const input = collateDocuments(documents, [[1], [2, 699], []], TOKENIZER, { maxRowTokens: 500, pad: "buckets" });

    expect(input.windows.tokenIds.shape).toEqual([6, 500]);
    expect(input.tokenMask.shape).toEqual([3, 1536]);
    expect(input.queryRows.shape).toEqual([3, 2, 2]);
    expect(input.placement?.attentionCells.shape).toEqual([3, 2, 1536, 2]);
    disposeDocuments(input);
  });

  it("says where a token of a split document lies", () => {
    // Rows of 8: tokens 0–6 and an end; a start and tokens 3–9. Token 4 is in both, 9 in the second only.
    const input = collateDocuments([sequence(10)], [[4, 9]], TOKENIZER, { maxRowTokens: 8 });

    expect(input.windows.tokenIds.arraySync()).toEqual([
      [2, 11, 12, 13, 14, 15, 16, 3],
      [2, 13, 14, 15, 16, 17, 18, 3],
    ]);
    expect(input.queryRows.arraySync()).toEqual([
      [
        [0, 1],
        [1, 0],
      ],
    ]);
    expect(input.queryPositions.arraySync()).toEqual([
      [
        [4, 2],
        [7, 0],
      ],
    ]);
    expect(input.placement?.tokenShares.arraySync()).toEqual([[1, 1, 1, 0.5, 0.5, 0.5, 0.5, 1, 1, 1]]);
    expect(input.placement?.tokenCells.arraySync()[0]?.[4]).toEqual([4, 10]);
    expect(input.placement?.tokenCells.arraySync()[0]?.[0]).toEqual([0, 16]);
    disposeDocuments(input);
  });

  it("leaves no tensor behind once its input is freed", () => {
    const before = tf.memory().numTensors;

    disposeDocuments(
      collateDocuments([sequence(20), sequence(5)], [[4], [1]], TOKENIZER, { maxRowTokens: 8, pad: "buckets" }),
    );

    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses what it cannot lay out, and says which document", () => {
    const collate = (sequences: number[][], queries: number[][]) => (): unknown =>
      collateDocuments(sequences, queries, TOKENIZER, { maxRowTokens: 8 });

    expect(collate([], [])).toThrow(new RangeError("sequences must hold a document, got none."));
    expect(collate([sequence(3)], [])).toThrow(new RangeError("queries must have an entry per document (1), got 0."));
    expect(collate([sequence(3), []], [[], []])).toThrow(new RangeError("sequences[1] must hold a token, got none."));
    expect(collate([sequence(3)], [[0, 3]])).toThrow(
      new RangeError("queries[0] must lie inside the document (3 tokens), got 3."),
    );
  });
});

describe("countTokens", () => {
  it("counts what collateDocuments lays out, padding rows too", () => {
    const sequences = [sequence(20), sequence(5)];
    const options = { maxRowTokens: 12, pad: "buckets" } as const;
    const input = collateDocuments(sequences, [[], []], TOKENIZER, options);

    const { all, padding } = countTokens(sequences, TOKENIZER, options);

    const isToken = input.windows.tokenIds.dataSync().filter((id) => id !== TOKENIZER.padId).length;
    expect(all).toBe(input.windows.tokenIds.size);
    expect(padding).toBe(all - isToken);
    disposeDocuments(input);
  });
});
