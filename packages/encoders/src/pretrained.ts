import { join } from "node:path";

import { createRandom, type Random, ShapeError, withParameterBudget } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import { AlbertEncoder } from "./albert.ts";
import type { Backbone } from "./backbone.ts";
import { BertEncoder } from "./bert.ts";
import { BLANK_WEIGHTS } from "./weights/blank-weights.ts";
import { type EncoderConfig, parseEncoderConfig } from "./encoder-config.ts";
import { ModelFileError } from "./weights/model-file-error.ts";
import { type EncoderFamily, fromHuggingFaceName } from "./weights/parameter-names.ts";
import { ModelDirectory, TOKENIZER_FILE_NAMES } from "./weights/pretrained-files.ts";
import { savePretrained } from "./save-pretrained.ts";
import type { StoredTensor } from "./weights/stored-tensor.ts";
import { parseTokenizer, type ParseTokenizerOptions } from "./tokens/subword.ts";
import { findWeights } from "./weights/weights.ts";

/** How {@link loadPretrained} reads words. */
export type LoadPretrainedOptions = Pick<ParseTokenizerOptions, "leadingSpace">;

/**
 * Loads an encoder and its tokenizer from a directory in the form of Hugging Face.
 *
 * The directory holds `config.json` of a BERT, RoBERTa or ALBERT, weights in `model.safetensors` or
 * `pytorch_model.bin` (or shards with an index), and `tokenizer.json` or a vocabulary.
 *
 * @throws {ModelFileError} If a file is missing, damaged or of another model; it names the file and the field.
 */
export async function loadPretrained(directory: string, options: LoadPretrainedOptions = {}): Promise<Backbone> {
  const files = new ModelDirectory(directory);
  try {
    const configText = await files.text("config.json");
    if (configText === undefined) throw new ModelFileError(directory, "must hold a config.json, got none.");
    const configPath = join(directory, "config.json");
    const config = parseEncoderConfig(configText, configPath);
    const tokenizer = parseTokenizer(await readTokenizerFiles(files), { ...options, place: directory });
    if (tokenizer.vocabularySize > config.vocabularySize) {
      const counts = `at most ${config.vocabularySize} tokens as config.json says, got ${tokenizer.vocabularySize}`;
      throw new ModelFileError(directory, `must have a tokenizer of ${counts}.`);
    }

    const weights = byParameter(await findWeights(files), config.family);
    // A model trained to fill in words has no pooler: it starts from random numbers, always the same.
    const random = weights.has("pooler.weight") ? BLANK_WEIGHTS : createRandom(0);
    const encoder = createEncoder(config, random, weights, configPath);
    try {
      await readWeights(encoder.parameters(), weights, directory);
    } catch (error) {
      encoder.dispose();
      throw error;
    }
    return { encoder, tokenizer, save: (to) => savePretrained(to, encoder, tokenizer) };
  } finally {
    await files.close();
  }
}

/** Makes an encoder of the sizes that config.json says, if the weights have as many values. */
function createEncoder(
  config: EncoderConfig,
  random: Random,
  weights: ReadonlyMap<string, StoredTensor>,
  path: string,
): AlbertEncoder | BertEncoder {
  const sizes = Array.from(weights.values(), ({ shape }) => tf.util.sizeFromShape([...shape]));
  // Twice as many as there are: a pooler may be missing, which is as large as one of the maps that are there.
  const budget = 2 * sizes.reduce((sum, size) => sum + size, 0);
  try {
    return withParameterBudget(budget, () => {
      return config.family === "albert" ? new AlbertEncoder(config, random) : new BertEncoder(config, random);
    });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ModelFileError(path, `must describe the encoder whose weights are beside it: ${cause.message}`, {
      cause,
    });
  }
}

async function readTokenizerFiles(files: ModelDirectory): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const name of TOKENIZER_FILE_NAMES) {
    const text = await files.text(name);
    if (text !== undefined) texts.set(name, text);
  }
  return texts;
}

/** Weights under the encoder's own names; what the encoder has no place for is left out. */
function byParameter(weights: ReadonlyMap<string, StoredTensor>, family: EncoderFamily): Map<string, StoredTensor> {
  const named = new Map<string, StoredTensor>();
  for (const [name, tensor] of weights) {
    const parameter = fromHuggingFaceName(name, family);
    if (parameter !== undefined) named.set(parameter, tensor);
  }
  return named;
}

/** Fills the parameters one by one, so that the file is never in memory as a whole. */
async function readWeights(
  parameters: ReadonlyMap<string, tf.Variable>,
  weights: ReadonlyMap<string, StoredTensor>,
  directory: string,
): Promise<void> {
  const missing = [...parameters.keys()].filter((name) => !weights.has(name) && !name.startsWith("pooler."));
  if (missing.length > 0) {
    const shown = missing.slice(0, 5).join(", ") + (missing.length > 5 ? ` and ${missing.length - 5} more` : "");
    throw new ModelFileError(directory, `must hold every weight of the encoder, but lacks ${shown}.`);
  }
  for (const [name, variable] of parameters) {
    const stored = weights.get(name);
    if (stored === undefined) continue;
    if (!tf.util.arraysEqual([...stored.shape], variable.shape)) {
      throw new ShapeError(stored.path, variable.shape.join(", "), stored.shape);
    }
    const tensor = tf.tensor(await stored.read(), [...stored.shape]);
    variable.assign(tensor);
    tensor.dispose();
  }
}
