import { describe, expect, it } from "vitest";

import { ModelFileError } from "../weights/model-file-error.ts";
import { parseTokenizer, type ParseTokenizerOptions, type SubwordTokenizer } from "./subword.ts";

/** Files by name; what is no text becomes JSON. */
function parse(files: Readonly<Record<string, unknown>>, options?: ParseTokenizerOptions): SubwordTokenizer {
  const texts = Object.entries(files).map(([name, content]) => {
    return [name, typeof content === "string" ? content : JSON.stringify(content)] as const;
  });
  return parseTokenizer(new Map(texts), options);
}

/** The tokens of each word. */
async function tokensOf(tokenizer: SubwordTokenizer, words: readonly string[]): Promise<(string | undefined)[][]> {
  await tokenizer.prepare(words);
  return words.map((word) => tokenizer.tokenizeWord(word).map((id) => tokenizer.token(id)));
}

const PIECES = [
  "[PAD]",
  "[UNK]",
  "[CLS]",
  "[SEP]",
  "[MASK]",
  "[unused1]",
  "head",
  "##ache",
  "##s",
  "zurich",
  "Zürich",
  "'",
  "s",
  "東",
  "京",
  "東京",
];
const VOCABULARY = `${PIECES.join("\n")}\n`;

describe("a tokenizer of vocab.txt", () => {
  it("lower-cases, strips accents and splits into the longest pieces, as BERT does", async () => {
    const tokens = await tokensOf(parse({ "vocab.txt": VOCABULARY }), [
      "Headaches",
      "Zürich's",
      "東京",
      "unknown",
      "headx",
    ]);

    expect(tokens).toEqual([["head", "##ache", "##s"], ["zurich", "'", "s"], ["東", "京"], ["[UNK]"], ["[UNK]"]]);
  });

  it("gives no pieces for empty words and control characters", async () => {
    const tokens = await tokensOf(parse({ "vocab.txt": VOCABULARY }), ["", " ", "\u0000", "\u200D", "\uFFFD"]);

    expect(tokens).toEqual([[], [], [], [], []]);
  });

  it("follows tokenizer_config.json on case, accents and Chinese characters", async () => {
    const words = ["Zürich", "東京", "Head"];
    const settings = [
      [{ do_lower_case: false }, [["Zürich"], ["東", "京"], ["[UNK]"]]],
      [{ do_lower_case: true, strip_accents: false }, [["[UNK]"], ["東", "京"], ["head"]]],
      [{ tokenize_chinese_chars: false }, [["zurich"], ["東京"], ["head"]]],
      [{ strip_accents: null }, [["zurich"], ["東", "京"], ["head"]]],
    ] as const;
    for (const [config, expected] of settings) {
      const tokenizer = parse({ "vocab.txt": VOCABULARY, "tokenizer_config.json": config });
      expect(await tokensOf(tokenizer, words)).toEqual(expected);
    }
  });

  it("reads lines that end as on Windows", async () => {
    const tokenizer = parse({ "vocab.txt": VOCABULARY.replaceAll("\n", "\r\n") });

    expect(tokenizer.vocabularySize).toBe(PIECES.length);
    expect(await tokensOf(tokenizer, ["headache"])).toEqual([["head", "##ache"]]);
  });

  it("knows the special tokens, and gives the unknown token's id for what it lacks", () => {
    const tokenizer = parse({ "vocab.txt": VOCABULARY });

    expect(tokenizer.startIds).toEqual([2]);
    expect(tokenizer.endIds).toEqual([3]);
    expect(tokenizer.padId).toBe(0);
    expect(tokenizer.id("[unused1]")).toBe(5);
    expect(tokenizer.id("nowhere")).toBe(1);
    expect(tokenizer.token(PIECES.length)).toBeUndefined();
  });

  it("names the line of a piece that comes twice or is missing, and the special token that is", () => {
    const twice = () => parse({ "vocab.txt": `${VOCABULARY}head\n` }, { place: "models/bert" });
    expect(twice).toThrow(ModelFileError);
    expect(twice).toThrow('models/bert/vocab.txt line 17 must hold a new word piece, got "head" of line 7 again.');
    expect(() => parse({ "vocab.txt": "[PAD]\n\n[UNK]\n" })).toThrow(
      "vocab.txt line 2 must hold a word piece, got an empty line.",
    );
    expect(() => parse({ "vocab.txt": VOCABULARY.replace("[CLS]", "[XYZ]") })).toThrow(
      "vocab.txt must hold the token [CLS] or <s>.",
    );
    const renamed = { cls_token: { content: "[START]" } };
    expect(() => parse({ "vocab.txt": VOCABULARY, "special_tokens_map.json": renamed })).toThrow(
      "vocab.txt must hold the token [START].",
    );
  });
});

describe("a tokenizer of tokenizer.json", () => {
  const json = {
    version: "1.0",
    truncation: { max_length: 2, strategy: "LongestFirst", stride: 0 },
    padding: { strategy: { Fixed: 9 }, direction: "Right", pad_id: 0, pad_type_id: 0, pad_token: "[PAD]" },
    added_tokens: [],
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(PIECES.map((piece, id) => [piece, id])),
    },
  };

  it("neither pads nor cuts, whatever the file says", async () => {
    expect(await tokensOf(parse({ "tokenizer.json": json }), ["headaches"])).toEqual([["head", "##ache", "##s"]]);
  });

  it("counts before vocab.txt", () => {
    expect(parse({ "tokenizer.json": json, "vocab.txt": "[PAD]\n" }).vocabularySize).toBe(PIECES.length);
  });

  it("reads SentencePiece, whose special tokens are a mixture", async () => {
    const vocab = ["<pad>", "<unk>", "[CLS]", "[SEP]", "▁", "▁head", "ache"].map((piece, id) => [piece, -id]);
    const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };
    const albert = {
      version: "1.0",
      added_tokens: [],
      pre_tokenizer: metaspace,
      model: { type: "Unigram", unk_id: 1, vocab },
    };

    const tokenizer = parse({ "tokenizer.json": albert });

    expect([tokenizer.startIds, tokenizer.endIds, tokenizer.padId, tokenizer.id("?")]).toEqual([[2], [3], 0, 1]);
    expect(await tokensOf(tokenizer, ["headache"])).toEqual([["▁head", "ache"]]);
  });

  it("names the file if it is cut short, no tokenizer, or of an unknown kind", () => {
    const text = JSON.stringify(json);
    expect(() => parse({ "tokenizer.json": text.slice(0, 100) }, { place: "m" })).toThrow(
      /^m\/tokenizer\.json must be JSON, but /,
    );
    expect(() => parse({ "tokenizer.json": {} })).toThrow("tokenizer.json: model must be of type object, got nothing.");
    expect(() => parse({ "tokenizer.json": { ...json, model: { type: "Magic" } } })).toThrow(
      /^tokenizer\.json must hold a tokenizer, but the library says: /,
    );
    expect(() => parse({ "tokenizer.json": json, "tokenizer_config.json": { do_lower_case: "yes" } })).toThrow(
      'tokenizer_config.json: do_lower_case must be of type boolean, got "yes".',
    );
  });

  it("says which files it needs if there are none", () => {
    expect(() => parse({ "vocab.json": {} })).toThrow(
      "the tokenizer must have a tokenizer.json, or a vocab.txt, or a vocab.json with a merges.txt, got none of them.",
    );
  });
});

describe("a tokenizer of vocab.json and merges.txt", () => {
  // "Ġ" stands for a space, "Ċ" for a line break, "Ã©" are the two bytes of "é".
  const tokens = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "<mask>",
    "h",
    "e",
    "a",
    "d",
    "Ġ",
    "Ċ",
    "Ã",
    "©",
    "he",
    "ad",
    "head",
    "Ġhead",
  ];
  const vocabulary = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const merges = "#version: 0.2\nh e\na d\nhe ad\nĠ head\n";

  it("tokenizes a word as if it stood alone", async () => {
    const tokenizer = parse({ "vocab.json": vocabulary, "merges.txt": merges });

    expect(await tokensOf(tokenizer, ["head", "headé", " head", "\n", "", "<mask>"])).toEqual([
      ["head"],
      ["head", "Ã", "©"],
      ["Ġhead"],
      ["Ċ"],
      [],
      ["<mask>"],
    ]);
    expect([tokenizer.startIds, tokenizer.endIds, tokenizer.padId, tokenizer.id("?")]).toEqual([[0], [2], 1, 3]);
  });

  it("tokenizes a word as inside a sentence if asked to", async () => {
    const tokenizer = parse({ "vocab.json": vocabulary, "merges.txt": merges }, { leadingSpace: true });

    expect(await tokensOf(tokenizer, ["head", "dead", ""])).toEqual([["Ġhead"], ["Ġ", "d", "e", "ad"], []]);
  });

  it("names the line of a merge that is none, or whose tokens are unknown", () => {
    const withMerge = (line: string) => () => parse({ "vocab.json": vocabulary, "merges.txt": `${merges}${line}\n` });

    expect(withMerge("h")).toThrow('merges.txt line 6 must hold two tokens, got "h".');
    expect(withMerge("h z")).toThrow('merges.txt line 6 must hold tokens of vocab.json, got "z".');
    expect(withMerge("h d")).toThrow('merges.txt line 6 must hold tokens of vocab.json, got "hd".');
  });
});

describe("SubwordTokenizer", () => {
  it("gives frozen lists, the same for the same word", async () => {
    const tokenizer = parse({ "vocab.txt": VOCABULARY });
    await tokenizer.prepare(["headache"]);
    const first = tokenizer.tokenizeWord("headache");

    await tokenizer.prepare(["headache", "head"]);

    expect(tokenizer.tokenizeWord("headache")).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  it("refuses a word that was not prepared", () => {
    const tokenizer = parse({ "vocab.txt": VOCABULARY });

    expect(() => tokenizer.tokenizeWord("head")).toThrow(RangeError);
    expect(() => tokenizer.tokenizeWord("head")).toThrow('word must be among those given to prepare, got "head".');
  });

  it("prepares more words than fit into one call of the library", async () => {
    const tokenizer = parse({ "vocab.txt": VOCABULARY });
    const words = Array.from({ length: 70_000 }, (_, index) => `head${"s".repeat(index % 2)} ${index}`);

    await tokenizer.prepare(words);

    expect(tokenizer.tokenizeWord(words[0] as string)).toEqual([6, 1]);
    expect(tokenizer.tokenizeWord(words.at(-1) as string)).toEqual([6, 8, 1]);
  });
});

describe("a hostile tokenizer.json", () => {
  const pieces = { "[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3 };

  it("is refused if its lists are too deep to be written again", () => {
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    const json = `{"model":{"type":"WordPiece","vocab":${JSON.stringify(pieces)}},"deep":${deep}}`;

    expect(() => parse({ "tokenizer.json": json })).toThrow(
      new ModelFileError("tokenizer.json", "must hold a tokenizer, got lists too deep within each other."),
    );
  });

  it.each(["(x+x+)+y", "x*x*x*x*x*x*x*x*y", "(?<=(x+)+)y", "[[x]+]+y", "\\1"])(
    "is refused with the pattern %j, on which the library could end the process",
    (pattern) => {
      const split = { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };

      expect(() =>
        parse({ "tokenizer.json": { pre_tokenizer: split, model: { type: "WordPiece", vocab: pieces } } }),
      ).toThrow("tokenizer.json must have patterns without groups and with one repetition in each alternative");
    },
  );

  it("is refused with parts that are less well tried, one of which ends the process when it is empty", () => {
    const normalizer = { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "" }] };
    const json = { normalizer, model: { type: "WordPiece", vocab: pieces } };

    expect(() => parse({ "tokenizer.json": json })).toThrow(
      /^tokenizer\.json: normalizer must be made of parts that BERT, RoBERTa or ALBERT have \(Sequence, .*\), got "Prepend"\.$/,
    );
  });

  it.each([[["a", "b"]], ["a b"], [["a"]], [7]])(
    "is refused with the merge %j, whose second part lacks the prefix: the library would end the process",
    (merge) => {
      const vocab = { ...pieces, a: 4, b: 5, ab: 6 };
      const model = { type: "BPE", continuing_subword_prefix: "##", vocab, merges: [merge] };

      expect(() => parse({ "tokenizer.json": { model } })).toThrow(
        'tokenizer.json: model.merges.0 must have a second part that begins with "##", the prefix within words.',
      );
    },
  );

  it.each([" {2,}", "\\s+|[^\\s]+", " ?\\p{L}+", "``|''"])("may have the pattern %j", (pattern) => {
    const replace = { type: "Replace", pattern: { Regex: pattern }, content: " " };
    const model = {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 9,
      vocab: pieces,
    };

    expect(parse({ "tokenizer.json": { normalizer: replace, model } }).vocabularySize).toBe(4);
  });

  it("is named when the library cannot tokenize with it", async () => {
    const vocab = Object.keys(pieces).map((piece) => [piece, 0]);
    const tokenizer = parse({ "tokenizer.json": { model: { type: "Unigram", vocab } } });

    await expect(tokenizer.prepare(["sea"])).rejects.toThrow(ModelFileError);
    await expect(tokenizer.prepare(["sea"])).rejects.toThrow("tokenizer.json must be able to tokenize every word");
  });
});

describe("prepare", () => {
  const numbered = (start: number, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `head${start + index}`);

  it("forgets the words used longest ago, so that a stream of new ones takes no more and more memory", async () => {
    const tokenizer = parse({ "vocab.txt": VOCABULARY });
    await tokenizer.prepare(["headaches", "heads"]);

    for (let start = 0; start < 48_000; start += 8000) await tokenizer.prepare([...numbered(start, 8000), "heads"]);

    expect(() => tokenizer.tokenizeWord("headaches")).toThrow('must be among those given to prepare, got "headaches".');
    expect(tokenizer.tokenizeWord("heads")).toHaveLength(2);
    expect(tokenizer.tokenizeWord("head47999")).toHaveLength(1);
    await tokenizer.prepare(["headaches"]);
    expect(tokenizer.tokenizeWord("headaches")).toHaveLength(3);
  });

  it("keeps all words of one call, however many", async () => {
    const tokenizer = parse({ "vocab.txt": VOCABULARY });
    const words = numbered(0, 70_000);

    await tokenizer.prepare(words);

    expect(words.every((word) => tokenizer.tokenizeWord(word).length === 1)).toBe(true);
  });

  it("keeps the words of calls that overlap", async () => {
    const tokenizer = parse({ "vocab.txt": VOCABULARY });
    const calls = Array.from({ length: 8 }, (_, call) => numbered(call * 4000, 4000));

    await Promise.all(calls.map((words) => tokenizer.prepare(words)));

    expect(calls.flat().every((word) => tokenizer.tokenizeWord(word).length === 1)).toBe(true);
  });
});
