import { describe, expect, it } from "vitest";

import { ModelFileError } from "../weights/model-file-error.ts";
import { parseWordVocabulary, WordVocabulary } from "./word-vocabulary.ts";

const WORDS = ["BLANK", "UNK", "the", "sea"];

describe("WordVocabulary", () => {
  it("gives each word one id, in lower case, and unknown ones that of UNK", () => {
    const vocabulary = new WordVocabulary(WORDS);

    const ids = ["The", "SEA", "sky", "", "BLANK", "constructor"].map((word) => vocabulary.tokenizeWord(word));

    expect(ids).toEqual([[2], [3], [1], [1], [1], [1]]);
    expect(vocabulary).toMatchObject({ vocabularySize: 4, padId: 0, unknownId: 1, startIds: [], endIds: [] });
  });

  it("counts what it lacks of a text", () => {
    const unknown = new WordVocabulary(WORDS).countUnknown(["Sky", "the", "lake", "sky", "sea", "Lake", "lake"]);

    expect(unknown).toMatchObject({ wordCount: 7, unknownCount: 5 });
    expect([...unknown.counts]).toEqual([
      ["lake", 3],
      ["sky", 2],
    ]);
  });

  it("is the same after it was written and read", () => {
    const vocabulary = new WordVocabulary([...WORDS, "1990", "7", "“"]);

    const read = parseWordVocabulary(vocabulary.format(), "words.json");

    expect(read.words).toEqual(vocabulary.words);
  });

  it.each([
    [["the", "UNK"], 'word 0 must be "BLANK", got "the".'],
    [["BLANK", "the"], 'words must hold "UNK", got none.'],
    [["BLANK", "UNK", "a", "a"], 'words must differ, got "a" twice.'],
  ])("refuses %j", (words, message) => {
    expect(() => new WordVocabulary(words)).toThrow(new RangeError(message));
  });
});

describe("parseWordVocabulary", () => {
  it("puts words in the order of their ids", () => {
    const { words, unknownId } = parseWordVocabulary('{"sea": 1, "UNK": 2, "BLANK": 0}', "word2id.json");

    expect(words).toEqual(["BLANK", "sea", "UNK"]);
    expect(unknownId).toBe(2);
  });

  it.each([
    ['{"BLANK": 0, "UNK": 3}', "word2id.json: UNK must have an id below 2, got 3."],
    ['{"BLANK": 0, "UNK": 1, "a": 1}', 'word2id.json: a must have an id of its own, got 1 as for "UNK".'],
    ['{"BLANK": 1, "UNK": 0}', 'word2id.json: word 0 must be "BLANK", got "UNK".'],
    ['{"BLANK": 0, "sea": 1}', 'word2id.json: words must hold "UNK", got none.'],
    ['{"BLANK": "0"}', 'word2id.json: BLANK must be of type number, got "0".'],
    ["[1]", "word2id.json must be of type record, got a list."],
  ])("refuses %s", (text, message) => {
    const parse = (): unknown => parseWordVocabulary(text, "word2id.json");

    expect(parse).toThrow(ModelFileError);
    expect(parse).toThrow(message);
  });

  it("refuses what is not JSON", () => {
    expect(() => parseWordVocabulary('{"BLANK": 0', "word2id.json")).toThrow("word2id.json must be JSON, but");
  });
});
