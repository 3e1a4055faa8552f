import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { headParameters, loadPretrained, restoreModel, SavedModels, WordVocabulary } from "@relatum/encoders";
import { createRandom, formatSafetensors, type NamedTensors } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { GainBackbone } from "./backbone.ts";
import type { GainConfig } from "./config.ts";
import { GainModel } from "./model.ts";
import { parseGainSettings } from "./settings.ts";

const saved = new SavedModels<GainConfig>({
  paper: "gain",
  version: 1,
  title: "GAIN",
  package: "@relatum/gain",
  load: "loadGain",
  parseConfig: parseGainSettings,
});

/**
 * Writes a model into a directory: `encoder/` or, of vectors of words, `words.json`; `head.safetensors`; `config.json`;
 * a card, `README.md`.
 *
 * All is written beside the directory and moved into its place at the end.
 */
export async function saveGain(
  directory: string,
  model: GainModel,
  backbone: GainBackbone,
  config: GainConfig,
): Promise<void> {
  await saved.write(directory, config, async (folder) => {
    const isPretrained = "save" in backbone;
    const head = isPretrained ? headParameters(model) : model.parameters();
    if (isPretrained) await backbone.save(join(folder, "encoder"));
    else await writeFile(join(folder, "words.json"), `${JSON.stringify(backbone.vocabulary.words)}\n`);
    await writeFile(join(folder, "head.safetensors"), await formatSafetensors(head));
  });
}

/** What {@link readGain} finds in a directory. */
export interface SavedGain {
  readonly model: GainModel;
  readonly backbone: GainBackbone;
  readonly config: GainConfig;
}

/**
 * Reads a model that {@link saveGain} wrote.
 *
 * @throws {CheckpointError} If the directory holds another paper's model, one of another version, or files that do not
 *   belong together.
 */
export async function readGain(directory: string): Promise<SavedGain> {
  const config = await saved.readConfig(directory);
  const path = join(directory, "head.safetensors");
  const tensors = await saved.readTensors(path);
  try {
    const labels = tensors.get("classifier.bias")?.shape[0];
    if (labels !== config.relations.length + 1) {
      const problem = `must score "no relation" and the ${config.relations.length} relations of config.json`;
      throw new CheckpointError(path, `${problem}, got ${labels} labels.`);
    }
    const backbone = await readBackbone(directory, tensors);
    const isPretrained = "encoder" in backbone;
    try {
      const create = (): GainModel => new GainModel(config, backbone, createRandom(0));
      const model = restoreModel(create, tensors, path, { hasEncoder: isPretrained });
      return { model, backbone, config };
    } catch (error) {
      if (isPretrained) backbone.encoder.dispose();
      throw error;
    }
  } finally {
    tf.dispose([...tensors.values()]);
  }
}

/** Vectors of words are among the head's tensors; without them there is a pretrained encoder. */
async function readBackbone(directory: string, tensors: NamedTensors): Promise<GainBackbone> {
  const table = tensors.get("wordEmbedding");
  if (table === undefined) return loadPretrained(join(directory, "encoder"));
  const path = join(directory, "words.json");
  const text = await saved.readText(path);
  const [rows, width, ...others] = table.shape;
  if (width === undefined || others.length > 0) {
    const problem = `must hold a wordEmbedding [words, width], got [${table.shape.join(", ")}].`;
    throw new CheckpointError(join(directory, "head.safetensors"), problem);
  }
  try {
    const words: unknown = JSON.parse(text);
    if (!isWords(words)) throw new RangeError("a list of texts expected.");
    const vocabulary = new WordVocabulary(words);
    if (vocabulary.vocabularySize !== rows) throw new RangeError(`${rows} words expected.`);
    return { vocabulary, values: (await table.data()) as Float32Array, width };
  } catch (cause) {
    throw new CheckpointError(path, `must list the words of head.safetensors: ${messageOf(cause)}`, cause);
  }
}

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((word) => typeof word === "string");
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
