import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { type Backbone, formatModelCard, loadPretrained } from "@relatum/encoders";
import {
  createRandom,
  formatSafetensors,
  type NamedTensors,
  parseSafetensors,
  withParameterBudget,
} from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { AtlopConfig } from "./config.ts";
import { AtlopModel } from "./model.ts";
import { parseAtlopSettings } from "./settings.ts";

/** Written into `config.json`; a change of the files' meaning raises the version. */
const FORMAT = { format: "relatum", paper: "atlop", version: 1 } as const;

const CARD = { title: "ATLOP", package: "@relatum/atlop", load: "loadAtlop" } as const;

const ENCODER_PARAMETER = /^encoder\./;

/**
 * Writes a model into a directory: `encoder/`, `head.safetensors`, `config.json` and a card, `README.md`.
 *
 * All is written beside the directory and moved into its place at the end.
 */
export async function saveAtlop(
  directory: string,
  model: AtlopModel,
  backbone: Pick<Backbone, "save">,
  config: AtlopConfig,
): Promise<void> {
  const place = resolve(directory);
  await mkdir(dirname(place), { recursive: true });
  const beside = await mkdtemp(join(dirname(place), `.${basename(place)}-`));
  try {
    const head = new Map([...model.parameters()].filter(([name]) => !ENCODER_PARAMETER.test(name)));
    await backbone.save(join(beside, "encoder"));
    await writeFile(join(beside, "head.safetensors"), await formatSafetensors(head));
    await writeFile(join(beside, "config.json"), `${JSON.stringify({ ...FORMAT, config }, null, 2)}\n`);
    const card = { ...CARD, relations: config.relations, config };
    await writeFile(join(beside, "README.md"), formatModelCard(card));
    await replaceDirectory(beside, place);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

/** What {@link readAtlop} finds in a directory. */
export interface SavedAtlop {
  readonly model: AtlopModel;
  readonly backbone: Backbone;
  readonly config: AtlopConfig;
}

/**
 * Reads a model that {@link saveAtlop} wrote.
 *
 * @throws {CheckpointError} If the directory holds another paper's model, one of another version, or files that do not
 *   belong together.
 */
export async function readAtlop(directory: string): Promise<SavedAtlop> {
  const config = await readConfig(join(directory, "config.json"));
  const tensors = await readHead(join(directory, "head.safetensors"));
  try {
    const labels = tensors.get("bilinear.bias")?.shape[0];
    if (labels !== config.relations.length + 1) {
      const problem = `must score the threshold class and the ${config.relations.length} relations of config.json`;
      throw new CheckpointError(join(directory, "head.safetensors"), `${problem}, got ${labels} labels.`);
    }
    const backbone = await loadPretrained(join(directory, "encoder"));
    const model = createModel(config, backbone, tensors, join(directory, "head.safetensors"));
    return { model, backbone, config };
  } finally {
    tf.dispose([...tensors.values()]);
  }
}

/** Makes the model that config.json describes, unless its sizes are far from the head's, and gives it these. */
function createModel(config: AtlopConfig, backbone: Backbone, tensors: NamedTensors, path: string): AtlopModel {
  const stored = [...tensors.values()].reduce((sum, { size }) => sum + size, 0);
  // More than are there, so that of a model that is a little larger the parameter at fault is named.
  const budget = 4 * stored + 2 ** 16;
  let model: AtlopModel | undefined;
  try {
    model = withParameterBudget(budget, () => new AtlopModel(config, backbone, createRandom(0)));
    model.loadParameters(tensors, { allowMissing: ENCODER_PARAMETER });
    return model;
  } catch (cause) {
    (model ?? backbone.encoder).dispose();
    throw new CheckpointError(path, `must fit config.json: ${messageOf(cause)}`, cause);
  }
}

async function readConfig(path: string): Promise<AtlopConfig> {
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
    return parseAtlopSettings(json["config"]);
  } catch (cause) {
    throw new CheckpointError(path, `must hold a sound config: ${messageOf(cause)}`, cause);
  }
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
    throw new CheckpointError(path, `must be a readable file of a saved ATLOP model. ${advice}`, cause);
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
