import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { BertEncoder, EncoderNotFoundError, parseTokenizer, resolveEncoder, savePretrained } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";

import type { Terminal } from "../terminal.ts";

/** The sizes of all-MiniLM-L6-v2. */
const MINILM_SIZES = {
  vocabularySize: 30_522,
  hiddenSize: 384,
  layers: 6,
  heads: 12,
  intermediateSize: 1536,
  maxPositions: 512,
  typeVocabularySize: 2,
} as const;

const SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "*"];

const CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,;:()[]-+/%'\"";

/**
 * Finds the directory of an encoder; where it cannot be had, writes one with MiniLM's sizes and random weights.
 *
 * @param directory Where that one goes.
 */
export async function findModel(
  id: string,
  directory: string,
  { signal, terminal }: { readonly signal: AbortSignal; readonly terminal: Terminal },
): Promise<string> {
  try {
    return await resolveEncoder(id, { signal });
  } catch (error) {
    if (!(error instanceof EncoderNotFoundError)) throw error;
    terminal.notice(`${error.message}\nRandom weights of MiniLM's sizes take its place; the times are the same.`);
  }
  await saveRandomModel(directory);
  return directory;
}

/** Gives an encoder's directory other dropout rates: a new directory, the same files but for the config. */
export async function withDropout(model: string, dropout: number, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(model)) {
    if (name !== "config.json") await symlink(resolve(model, name), join(directory, name));
  }
  const config = JSON.parse(await readFile(join(model, "config.json"), "utf8")) as object;
  const rates = { hidden_dropout_prob: dropout, attention_probs_dropout_prob: dropout };
  await writeFile(join(directory, "config.json"), JSON.stringify({ ...config, ...rates }));
  return directory;
}

async function saveRandomModel(directory: string): Promise<void> {
  const pieces = Array.from(CHARACTERS).flatMap((character) => [character, `##${character}`]);
  const known = [...SPECIAL_TOKENS, ...pieces];
  const fillers = Array.from({ length: MINILM_SIZES.vocabularySize - known.length }, (_, index) => `[unused${index}]`);
  const files = new Map([
    ["vocab.txt", `${[...known, ...fillers].join("\n")}\n`],
    ["tokenizer_config.json", JSON.stringify({ do_lower_case: true, tokenizer_class: "BertTokenizer" })],
  ]);
  const encoder = new BertEncoder(
    {
      ...MINILM_SIZES,
      family: "bert",
      dropout: 0.1,
      attentionDropout: 0.1,
      layerNormEpsilon: 1e-12,
      activation: "gelu",
      padId: 0,
    },
    createRandom(1),
  );
  try {
    await savePretrained(directory, encoder, parseTokenizer(files));
  } finally {
    encoder.dispose();
  }
}
