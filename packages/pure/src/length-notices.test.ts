import { describe, expect, it } from "vitest";

import { LengthNotices } from "./length-notices.ts";

describe("LengthNotices", () => {
  it("counts sentences by kind and names the longest", () => {
    const notices = new LengthNotices();
    const cut = { documentId: "d1", sentence: 2, kind: "sentence-cut", room: 100 } as const;

    notices.add({ ...cut, tokens: 120 });
    notices.add({ ...cut, tokens: 140 });
    notices.add({ ...cut, sentence: 5, tokens: 130 });
    notices.add({ ...cut, kind: "context-reduced", tokens: 300 });

    expect(notices.lines()).toEqual([
      '2 sentences cut around a pair; the longest is sentence 2 of "d1" (140 tokens, 100 fit).',
      '1 sentence with less context than the config asks for; the longest is sentence 2 of "d1" (300 tokens, 100 fit).',
    ]);
  });

  it("has nothing to say where all fits", () => {
    expect(new LengthNotices().lines()).toEqual([]);
  });
});
