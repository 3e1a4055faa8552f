import { describe, expect, it } from "vitest";

import { fitWords } from "./relation-window.ts";

describe("fitWords", () => {
  const lengths = [2, 1, 1, 3, 1, 1, 4];
  const core = { start: 3, end: 4 };

  it.each([
    [13, { start: 0, end: 7 }],
    [9, { start: 0, end: 6 }],
    [8, { start: 1, end: 6 }],
    [5, { start: 2, end: 5 }],
    [4, { start: 2, end: 4 }],
    [3, { start: 3, end: 4 }],
    [2, undefined],
  ])("keeps of 13 tokens, if %i fit, the nearest words", (room, expected) => {
    expect(fitWords(lengths, core, room)).toEqual(expected);
  });

  it("stops on a side where the next word is too long, and goes on on the other", () => {
    expect(fitWords([5, 1, 1, 1, 1, 1], { start: 1, end: 2 }, 4)).toEqual({ start: 1, end: 5 });
  });
});
