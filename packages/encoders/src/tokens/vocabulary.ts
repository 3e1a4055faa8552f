import { ModelFileError } from "../weights/model-file-error.ts";
import type { TokenizerConfig } from "./tokenizer-files.ts";

const BERT_SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const ROBERTA_SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];

/**
 * Builds the `tokenizer.json` of a BERT from its word pieces.
 *
 * @param text One piece a line, in the order of their ids.
 * @throws {ModelFileError} If a line is empty or repeats a piece; it names the line.
 */
export function wordPieceTokenizer(text: string, path: string, config: TokenizerConfig): object {
  const vocabulary = parseWordPieces(text, path);
  return {
    version: "1.0",
    added_tokens: addedTokens(BERT_SPECIAL_TOKENS, vocabulary),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars ?? true,
      strip_accents: config.strip_accents ?? null,
      lowercase: config.do_lower_case ?? true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: config.unk_token ?? "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary),
    },
  };
}

/**
 * Builds the `tokenizer.json` of a RoBERTa from its vocabulary and merges.
 *
 * @param merges Two tokens a line, the most frequent pair first.
 * @throws {ModelFileError} If a line is not two tokens of the vocabulary that make a third; it names the line.
 */
export function byteLevelTokenizer(
  vocabulary: Readonly<Record<string, number>>,
  merges: string,
  path: string,
  config: TokenizerConfig,
): object {
  const ids = new Map(Object.entries(vocabulary));
  const byteLevel = { type: "ByteLevel", add_prefix_space: config.add_prefix_space ?? false, trim_offsets: true };
  return {
    version: "1.0",
    added_tokens: addedTokens(ROBERTA_SPECIAL_TOKENS, ids),
    normalizer: null,
    pre_tokenizer: { ...byteLevel, use_regex: true },
    decoder: { ...byteLevel, use_regex: true },
    model: { type: "BPE", vocab: vocabulary, merges: parseMerges(merges, path, ids) },
  };
}

function parseWordPieces(text: string, path: string): Map<string, number> {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const vocabulary = new Map<string, number>();
  for (const [id, piece] of lines.entries()) {
    const place = `${path} line ${id + 1}`;
    if (piece === "") throw new ModelFileError(place, "must hold a word piece, got an empty line.");
    const first = vocabulary.get(piece);
    if (first !== undefined) {
      throw new ModelFileError(place, `must hold a new word piece, got "${piece}" of line ${first + 1} again.`);
    }
    vocabulary.set(piece, id);
  }
  return vocabulary;
}

function parseMerges(text: string, path: string, ids: ReadonlyMap<string, number>): [string, string][] {
  const merges: [string, string][] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || (index === 0 && line.startsWith("#version"))) continue;
    const [left, right, ...rest] = line.split(" ");
    if (left === undefined || right === undefined || rest.length > 0) {
      throw new ModelFileError(`${path} line ${index + 1}`, `must hold two tokens, got "${line}".`);
    }
    const unknown = [left, right, left + right].find((token) => !ids.has(token));
    if (unknown !== undefined) {
      throw new ModelFileError(`${path} line ${index + 1}`, `must hold tokens of vocab.json, got "${unknown}".`);
    }
    merges.push([left, right]);
  }
  return merges;
}

function addedTokens(tokens: readonly string[], vocabulary: ReadonlyMap<string, number>): object[] {
  return tokens.flatMap((content) => {
    const id = vocabulary.get(content);
    const lstrip = content === "<mask>"; // a mask stands for a word together with its leading space
    return id === undefined
      ? []
      : [{ id, content, special: true, single_word: false, lstrip, rstrip: false, normalized: false }];
  });
}
