import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { formatModelCard, loadPretrained, WordVocabulary } from "@relatum/encoders";
import {
  createRandom,
  formatSafetensors,
  type NamedTensors,
  parseSafetensors,
  withParameterBudget,
} from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { GainBackbone } from "./backbone.ts";
import type { GainConfig } from "./config.ts";
import { GainModel } from "./model.ts";
import { parseGainSettings } from "./settings.ts";

/** Written into `config.json`; a change of the files' meaning raises the version. */
const FORMAT = { format: "relatum", paper: "gain", version: 1 } as const;

const CARD = { title: "GAIN", package: "@relatum/gain", load: "loadGain" } as const;

const ENCODER_PARAMETER = /^encoder\./;

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
  const place = resolve(directory);
  await mkdir(dirname(place), { recursive: true });
  const beside = await mkdtemp(join(dirname(place), `.${basename(place)}-`));
  try {
    const isPretrained = "save" in backbone;
    const head = [...model.parameters()].filter(([name]) => !isPretrained || !ENCODER_PARAMETER.test(name));
    if (isPretrained) await backbone.save(join(beside, "encoder"));
    else await writeFile(join(beside, "words.json"), `${JSON.stringify(backbone.vocabulary.words)}\n`);
    await writeFile(join(beside, "head.safetensors"), await formatSafetensors(new Map(head)));
    await writeFile(join(beside, "config.json"), `${JSON.stringify({ ...FORMAT, config }, null, 2)}\n`);
    const card = { ...CARD, relations: config.relations, config };
    await writeFile(join(beside, "README.md"), formatModelCard(card));
    await replaceDirectory(beside, place);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
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
  const config = await readConfig(join(directory, "config.json"));
  const tensors = await readHead(join(directory, "head.safetensors"));
  try {
    const labels = tensors.get("classifier.bias")?.shape[0];
    if (labels !== config.relations.length + 1) {
      const problem = `must score "no relation" and the ${config.relations.length} relations of config.json`;
      throw new CheckpointError(join(directory, "head.safetensors"), `${problem}, got ${labels} labels.`);
    }
    const backbone = await readBackbone(directory, tensors);
    const model = createModel(config, backbone, tensors, join(directory, "head.safetensors"));
    return { model, backbone, config };
  } finally {
    tf.dispose([...tensors.values()]);
  }
}

/** Makes the model that config.json describes, unless its sizes are far from the head's, and gives it these. */
function createModel(config: GainConfig, backbone: GainBackbone, tensors: NamedTensors, path: string): GainModel {
  const stored = [...tensors.values()].reduce((sum, { size }) => sum + size, 0);
  // More than are there, so that of a model that is a little larger the parameter at fault is named.
  const budget = 4 * stored + 2 ** 16;
  let model: GainModel | undefined;
  try {
    model = withParameterBudget(budget, () => new GainModel(config, backbone, createRandom(0)));
    model.loadParameters(tensors, "encoder" in backbone ? { allowMissing: ENCODER_PARAMETER } : {});
    return model;
  } catch (cause) {
    if (model !== undefined) model.dispose();
    else if ("encoder" in backbone) backbone.encoder.dispose();
    throw new CheckpointError(path, `must fit config.json: ${messageOf(cause)}`, cause);
  }
}

async function readConfig(path: string): Promise<GainConfig> {
  const text = await readSaved(path, (file) => readFile(file, "utf8"));
  let json: Partial<Record<string, unknown>>;
  try {
    json = (JSON.parse(text) ?? {}) as typeof json;
  } catch (cause) {
    throw new CheckpointError(path, `must hold JSON: ${messageOf(cause)}`, cause);
  }
  for (const [field, expected] of Object.entries(FORMAT)) {
    if (json[field] === expected) continue;
    throw new CheckpointError(
      path,
      `must hold "${field}": ${JSON.stringify(expected)}, got ${describeField(json[field])}.`,
    );
  }
  try {
    return parseGainSettings(json["config"]);
  } catch (cause) {
    throw new CheckpointError(path, `must hold a sound config: ${messageOf(cause)}`, cause);
  }
}

/** Vectors of words are among the head's tensors; without them there is a pretrained encoder. */
async function readBackbone(directory: string, tensors: NamedTensors): Promise<GainBackbone> {
  const table = tensors.get("wordEmbedding");
  if (table === undefined) return loadPretrained(join(directory, "encoder"));
  const path = join(directory, "words.json");
  const text = await readSaved(path, (file) => readFile(file, "utf8"));
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

async function readHead(path: string): Promise<NamedTensors> {
  const bytes = await readSaved(path, (file) => readFile(file));
  try {
    return parseSafetensors(bytes);
  } catch (cause) {
    throw new CheckpointError(path, `must be a sound safetensors file: ${messageOf(cause)}`, cause);
  }
}

async function readSaved<T>(path: string, read: (path: string) => Promise<T>): Promise<T> {
  try {
    return await read(path);
  } catch (cause) {
    const advice = "Give a directory that save wrote.";
    throw new CheckpointError(path, `must be a readable file of a saved GAIN model. ${advice}`, cause);
  }
}

/** Moves a directory to a place, and only then removes what was there. */
async function replaceDirectory(from: string, place: string): Promise<void> {
  const old = `${from}-old`;
  const hadOld = await rename(place, old).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
  try {
    await rename(from, place);
  } catch (error) {
    if (hadOld) await rename(old, place);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function describeField(found: unknown): string {
  if (typeof found === "object" && found !== null) return "an object";
  return typeof found === "string" ? JSON.stringify(found.slice(0, 60)) : String(found);
}
