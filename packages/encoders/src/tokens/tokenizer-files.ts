import * as z from "zod";

import { parseJsonFile } from "../weights/json-file.ts";
import { ModelFileError } from "../weights/model-file-error.ts";
import { requireKnownParts, requirePlainPattern, requirePrefixedMerges } from "./library-limits.ts";
import { byteLevelTokenizer, wordPieceTokenizer } from "./vocabulary.ts";

/** What a tokenizer is built from. */
export interface TokenizerFiles {
  /** The file that holds the vocabulary. */
  readonly path: string;
  /** The tokenizer in the form of a `tokenizer.json`, without truncation and padding. */
  readonly json: string;
  readonly config: TokenizerConfig;
}

/** What `tokenizer_config.json` and `special_tokens_map.json` say, as far as it matters here. */
export interface TokenizerConfig {
  readonly cls_token?: string | null | undefined;
  readonly sep_token?: string | null | undefined;
  readonly pad_token?: string | null | undefined;
  readonly unk_token?: string | null | undefined;
  readonly do_lower_case?: boolean | null | undefined;
  readonly strip_accents?: boolean | null | undefined;
  readonly tokenize_chinese_chars?: boolean | null | undefined;
  readonly add_prefix_space?: boolean | null | undefined;
}

const specialToken = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform((token) => token.content)])
  .nullish();

const configFile = z.object({
  cls_token: specialToken,
  sep_token: specialToken,
  pad_token: specialToken,
  unk_token: specialToken,
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
});

const tokenizerFile = z.looseObject({ model: z.looseObject({}) });

/**
 * Brings the files of a tokenizer into one form.
 *
 * @param files Text by file name.
 * @param place Opens the paths in error messages.
 * @throws {ModelFileError} If no vocabulary is there or a file is damaged.
 */
export function parseTokenizerFiles(files: ReadonlyMap<string, string>, place: string): TokenizerFiles {
  const config: TokenizerConfig = {
    ...parseIfThere("special_tokens_map.json", configFile, files, place),
    ...parseIfThere("tokenizer_config.json", configFile, files, place),
  };

  const tokenizer = parseIfThere("tokenizer.json", tokenizerFile, files, place);
  if (tokenizer !== undefined) {
    const path = `${place}tokenizer.json`;
    requirePrefixedMerges(tokenizer.model, path);
    requireKnownParts(tokenizer["normalizer"], `${path}: normalizer`);
    requireKnownParts(tokenizer["pre_tokenizer"], `${path}: pre_tokenizer`);
    // Files made for sentence vectors cut and pad every input; word by word that would give padding for each. What comes
    // after the ids is not used.
    const unused = { truncation: null, padding: null, post_processor: null, decoder: null };
    return { path, json: formatJson({ ...tokenizer, ...unused }, path), config };
  }
  const words = files.get("vocab.txt");
  if (words !== undefined) {
    const path = `${place}vocab.txt`;
    return { path, json: JSON.stringify(wordPieceTokenizer(words, path, config)), config };
  }
  const vocabulary = parseIfThere("vocab.json", z.record(z.string(), z.int().min(0)), files, place);
  const merges = files.get("merges.txt");
  if (vocabulary !== undefined && merges !== undefined) {
    const json = JSON.stringify(byteLevelTokenizer(vocabulary, merges, `${place}merges.txt`, config));
    return { path: `${place}vocab.json`, json, config };
  }
  throw new ModelFileError(
    place === "" ? "the tokenizer" : place,
    "must have a tokenizer.json, or a vocab.txt, or a vocab.json with a merges.txt, got none of them.",
  );
}

/** Writes a tokenizer again, if it can be written and its patterns do no harm. */
function formatJson(value: object, path: string): string {
  try {
    return JSON.stringify(value, (key, child: unknown) => {
      if (key === "Regex" && typeof child === "string") requirePlainPattern(child, path);
      return child;
    });
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    // Lists within lists without end can be read, but not written.
    throw new ModelFileError(path, "must hold a tokenizer, got lists too deep within each other.", { cause });
  }
}

function parseIfThere<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  files: ReadonlyMap<string, string>,
  place: string,
): z.infer<Schema> | undefined {
  const text = files.get(name);
  return text === undefined ? undefined : parseJsonFile(text, schema, `${place}${name}`);
}
