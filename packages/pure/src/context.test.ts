import type { Document } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import { extendSentence } from "./context.ts";

const document: Document = {
  id: "letters",
  sentences: [["a", "b", "c"], [], ["d", "e"], ["f"], ["g", "h", "i"]],
  entities: [],
  relations: [],
  labelled: false,
};

describe("extendSentence", () => {
  it.each([
    ["nothing without context", 2, 0, "de", 0],
    ["as much from either side", 2, 6, "bcdefg", 2],
    ["an odd word more from behind", 2, 5, "cdefg", 1],
    ["nothing to a sentence that is longer", 0, 2, "abc", 0],
    ["no more behind where nothing comes before", 0, 5, "abcd", 0],
    ["no more before where nothing comes behind", 4, 5, "fghi", 1],
    ["the whole document at the most", 2, 100, "abcdefghi", 3],
    ["words to a sentence without any", 1, 4, "bcde", 2],
  ])("adds %s", (_, sentence, contextWords, words, sentenceStart) => {
    expect(extendSentence(document, sentence, contextWords)).toEqual({ words: words.split(""), sentenceStart });
  });
});
