import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { splitIntoWindows } from "./document-windows.ts";

const TOKENIZER = { startIds: [101], endIds: [102] };

function numbers(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

describe("splitIntoWindows", () => {
  it("leaves a document that fits as it is", () => {
    const tokenIds = numbers(16);

    const windows = splitIntoWindows(tokenIds, TOKENIZER, { maxRowTokens: 16 });

    expect(windows).toEqual([{ tokenIds, start: 0, end: 16, rowStart: 0 }]);
  });

  it("splits a longer one into its first and its last tokens, closed and opened by ids of their own", () => {
    const windows = splitIntoWindows(numbers(20), TOKENIZER, { maxRowTokens: 16 });

    expect(windows).toEqual([
      { tokenIds: [...numbers(15), 102], start: 0, end: 15, rowStart: 0 },
      { tokenIds: [101, ...numbers(20).slice(5)], start: 5, end: 20, rowStart: 1 },
    ]);
  });

  it("puts windows with start and end ids into the gap between the two", () => {
    // 15 + 15 tokens leave 10 of 40; a window of 14 overlaps both by 2.
    const windows = splitIntoWindows(numbers(40), TOKENIZER, { maxRowTokens: 16 });

    expect(windows.map(({ start, end }) => [start, end])).toEqual([
      [0, 15],
      [13, 27],
      [25, 40],
    ]);
    expect(windows[1]).toMatchObject({ tokenIds: [101, ...numbers(40).slice(13, 27), 102], rowStart: 1 });
  });

  it("leaves the gap open as the authors' release does, if told to", () => {
    const windows = splitIntoWindows(numbers(40), TOKENIZER, { maxRowTokens: 16, windows: "released" });

    expect(windows.map(({ start, end }) => [start, end])).toEqual([
      [0, 15],
      [25, 40],
    ]);
  });

  it("needs three windows from the first length on that two of 512 do not cover", () => {
    const count = (length: number): number =>
      splitIntoWindows(numbers(length), TOKENIZER, { maxRowTokens: 512 }).length;

    expect([512, 513, 1022, 1023, 1024, 2048].map(count)).toEqual([1, 2, 2, 3, 3, 5]);
  });

  it("covers every token, in rows that fit, and as the release does wherever two windows suffice", () => {
    const lengths = fc.record({
      length: fc.integer({ min: 1, max: 600 }),
      maxRowTokens: fc.integer({ min: 8, max: 128 }),
      startCount: fc.integer({ min: 0, max: 2 }),
      endCount: fc.integer({ min: 0, max: 2 }),
    });

    fc.assert(
      fc.property(lengths, ({ length, maxRowTokens, startCount, endCount }) => {
        const tokenIds = numbers(length);
        const tokenizer = { startIds: Array<number>(startCount).fill(-1), endIds: Array<number>(endCount).fill(-2) };
        const windows = splitIntoWindows(tokenIds, tokenizer, { maxRowTokens });
        const released = splitIntoWindows(tokenIds, tokenizer, { maxRowTokens, windows: "released" });

        let covered = 0;
        for (const { tokenIds: row, start, end, rowStart } of windows) {
          expect(start).toBeLessThanOrEqual(covered);
          expect(row.length).toBeLessThanOrEqual(maxRowTokens);
          expect(row.slice(rowStart, rowStart + end - start)).toEqual(tokenIds.slice(start, end));
          covered = Math.max(covered, end);
        }
        expect(covered).toBe(length);
        expect(windows).toEqual(windows.length <= 2 ? released : windows);
      }),
    );
  });

  it("refuses rows without room for more than an eighth of new tokens", () => {
    const split = (): unknown => splitIntoWindows(numbers(20), TOKENIZER, { maxRowTokens: 2 });

    expect(split).toThrow(RangeError);
    expect(split).toThrow("maxRowTokens must exceed 2 start and end ids by more than an eighth, got 2.");
  });
});
