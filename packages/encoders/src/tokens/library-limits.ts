import { ModelFileError } from "../weights/model-file-error.ts";

// What a tokenizer.json may not hold because the library ends the whole process over it, where no error can be caught.

/** What prepares a text in tokenizers of BERT, RoBERTa, ALBERT and their kin; others are less well tried. */
const KNOWN_PARTS = new Set(
  (
    "Sequence BertNormalizer Lowercase NFC NFD NFKC NFKD Nmt StripAccents Strip Replace Precompiled " +
    "BertPreTokenizer ByteLevel Metaspace Whitespace WhitespaceSplit Split Punctuation Digits"
  ).split(" "),
);

/**
 * Checks that a text is prepared by known parts only.
 *
 * @param part The `normalizer` or the `pre_tokenizer` of a `tokenizer.json`.
 * @param path Opens the error message.
 * @throws {ModelFileError} If one has another type.
 */
export function requireKnownParts(part: unknown, path: string): void {
  const open = [part];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    const { type, normalizers, pretokenizers } = next as Record<string, unknown>;
    if (typeof type === "string" && !KNOWN_PARTS.has(type)) {
      const rule = `must be made of parts that BERT, RoBERTa or ALBERT have (${[...KNOWN_PARTS].join(", ")})`;
      throw new ModelFileError(path, `${rule}, got ${JSON.stringify(type.slice(0, 60))}.`);
    }
    for (const parts of [normalizers, pretokenizers]) {
      if (Array.isArray(parts)) for (const inner of parts as unknown[]) if (inner !== undefined) open.push(inner);
    }
  }
}

/** Most repetitions in a row: two of them can be tried in as many ways as the text is long, ten in that to the tenth. */
const MAX_REPETITIONS = 1;

/**
 * Checks that a pattern of a tokenizer is found in a text without going back over it again and again.
 *
 * The library that looks for patterns ends the whole process when it gives up. Those of BERT, RoBERTa and ALBERT are plain: no
 * groups, and one repetition in each alternative.
 *
 * @param path Opens the error message.
 * @throws {ModelFileError} If it is not plain.
 */
export function requirePlainPattern(pattern: string, path: string): void {
  const withoutEscapes = pattern.replaceAll(/\\(?:[pP]\{[^{}]*\}|[^0-9])/gs, "x");
  const withoutClasses = withoutEscapes.replaceAll(/\[[^[\]]*\]/g, "x");
  const isPlain = withoutClasses.split("|").every((alternative) => {
    return (alternative.match(/[*+{]/g) ?? []).length <= MAX_REPETITIONS && !/[\\()[\]]/.test(alternative);
  });
  if (isPlain) return;
  const shown = JSON.stringify(pattern.length > 100 ? `${pattern.slice(0, 99)}…` : pattern);
  throw new ModelFileError(
    path,
    `must have patterns without groups and with one repetition in each alternative, got ${shown}. Others can end the process.`,
  );
}

/**
 * Checks that the second part of each merge begins with the prefix of parts within words, which the library cuts off.
 *
 * @param model Of a `tokenizer.json`.
 * @param path Opens the error message.
 * @throws {ModelFileError} If one begins otherwise.
 */
export function requirePrefixedMerges(model: Readonly<Record<string, unknown>>, path: string): void {
  const { continuing_subword_prefix: prefix, merges } = model;
  if (typeof prefix !== "string" || prefix === "" || !Array.isArray(merges)) return;
  for (const [index, merge] of (merges as unknown[]).entries()) {
    const parts: unknown = typeof merge === "string" ? merge.split(" ") : merge;
    const right: unknown = Array.isArray(parts) ? parts[1] : undefined;
    if (typeof right === "string" && right.startsWith(prefix)) continue;
    const rule = `must have a second part that begins with ${JSON.stringify(prefix.slice(0, 60))}`;
    throw new ModelFileError(`${path}: model.merges.${index}`, `${rule}, the prefix within words.`);
  }
}
