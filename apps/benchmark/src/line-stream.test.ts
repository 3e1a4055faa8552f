import { describe, expect, it } from "vitest";

import { groupLines } from "./line-stream.ts";

async function* chunksOf(...texts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === "string" ? new TextEncoder().encode(text) : text;
}

async function collect(chunks: AsyncIterable<Uint8Array>, longest?: number) {
  const groups = [];
  for await (const group of groupLines(chunks, longest)) groups.push(group);
  return groups;
}

describe("groupLines", () => {
  it("gives the lines that a piece completes, numbered, and the last one without a break", async () => {
    const groups = await collect(chunksOf("\uFEFFone\r\ntw", "o\n\nfo", "ur"));

    expect(groups).toEqual([
      [{ number: 1, text: "one" }],
      [
        { number: 2, text: "two" },
        { number: 3, text: "" },
      ],
      [{ number: 4, text: "four" }],
    ]);
  });

  it("puts characters together that a piece cuts", async () => {
    const bytes = new TextEncoder().encode("é\u2028é\n");

    const groups = await collect(chunksOf(bytes.slice(0, 1), bytes.slice(1, 4), bytes.slice(4)));

    expect(groups).toEqual([[{ number: 1, text: "é\u2028é" }]]);
  });

  it("tells of lines that are too long and keeps none of them", async () => {
    const groups = await collect(chunksOf("abc", "def", "ghi\nok\nabcdef\n", "abcdefg"), 5);

    expect(groups).toEqual([[{ number: 1 }, { number: 2, text: "ok" }, { number: 3 }], [{ number: 4 }]]);
  });
});
