import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { type Backbone, formatModelCard, loadPretrained } from "@relatum/encoders";
import {
  createRandom,
  formatSafetensors,
  type Module,
  type NamedTensors,
  parseSafetensors,
  withParameterBudget,
} from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import { type PureConfig, relationConfig } from "./config.ts";
import { PureEntityModel } from "./entity-model.ts";
import type { PurePart, PureModel } from "./extractor.ts";
import { PureRelationModel } from "./relation-model.ts";
import { parsePureSettings } from "./settings.ts";

/** Written into `config.json`; a change of the files' meaning raises the version. */
const FORMAT = { format: "relatum", paper: "pure", version: 1 } as const;

const CARD = { title: "PURE", package: "@relatum/pure", load: "loadPure" } as const;

const ENCODER_PARAMETER = /^encoder\./;

/** What a model may consist of. */
const PARTS = ["entity", "relation"] as const;

/**
 * Writes models into a directory: `entity-encoder/` and `relation-encoder/`, or one `encoder/` where it is shared;
 * `entity-head.safetensors`, `relation-head.safetensors`, `config.json` and a card,
 * `README.md`.
 *
 * All is written beside the directory and moved into its place at the end.
 */
export async function savePure(directory: string, model: PureModel): Promise<void> {
  const place = resolve(directory);
  await mkdir(dirname(place), { recursive: true });
  const beside = await mkdtemp(join(dirname(place), `.${basename(place)}-`));
  try {
    for (const name of PARTS) {
      const part = model[name];
      if (part === undefined) continue;
      await part.backbone.save(join(beside, encoderFolder(name, model.config)));
      await writeFile(join(beside, `${name}-head.safetensors`), await formatSafetensors(headOf(part.model)));
    }
    await writeFile(join(beside, "config.json"), `${JSON.stringify({ ...FORMAT, config: model.config }, null, 2)}\n`);
    const card = { ...CARD, relations: model.config.relations, config: model.config };
    await writeFile(join(beside, "README.md"), formatModelCard(card));
    await replaceDirectory(beside, place);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Reads models that {@link savePure} wrote.
 *
 * @throws {CheckpointError} If the directory holds another paper's model, one of another version, or files that do not
 *   belong together.
 */
export async function readPure(directory: string): Promise<PureModel> {
  const config = await readConfig(join(directory, "config.json"));
  const backbones = new Map<string, Backbone>();
  const models: Module[] = [];
  const backboneOf = async (name: (typeof PARTS)[number]): Promise<Backbone> => {
    const folder = encoderFolder(name, config);
    const backbone = backbones.get(folder) ?? (await loadPretrained(join(directory, folder)));
    backbones.set(folder, backbone);
    return backbone;
  };
  const read = async <Model extends Module>(
    name: (typeof PARTS)[number],
    create: (backbone: Backbone) => Model,
  ): Promise<PurePart<Model> | undefined> => {
    const path = join(directory, `${name}-head.safetensors`);
    if (!existsSync(path)) return undefined;
    const tensors = await readHead(path);
    try {
      const backbone = await backboneOf(name);
      const model = createModel(() => create(backbone), tensors, path);
      models.push(model);
      return { model, backbone };
    } finally {
      tf.dispose([...tensors.values()]);
    }
  };
  try {
    const entity = await read("entity", (backbone) => new PureEntityModel(config, backbone, createRandom(0)));
    const relation = await read("relation", (backbone) => {
      return new PureRelationModel(relationConfig(config, backbone), backbone, createRandom(0));
    });
    if (entity === undefined && relation === undefined) {
      throw new CheckpointError(
        directory,
        "must hold entity-head.safetensors or relation-head.safetensors, got neither.",
      );
    }
    return { config, ...(entity && { entity }), ...(relation && { relation }) };
  } catch (error) {
    for (const { encoder } of backbones.values()) encoder.dispose();
    for (const model of models) model.dispose();
    throw error;
  }
}

function encoderFolder(name: (typeof PARTS)[number], { architecture }: PureConfig): string {
  return architecture === "separate" ? `${name}-encoder` : "encoder";
}

function headOf(model: Module): Map<string, tf.Tensor> {
  return new Map([...model.parameters()].filter(([name]) => !ENCODER_PARAMETER.test(name)));
}

/** Makes a model that config.json describes, unless its sizes are far from the head's, and gives it these. */
function createModel<Model extends Module>(create: () => Model, tensors: NamedTensors, path: string): Model {
  const stored = [...tensors.values()].reduce((sum, { size }) => sum + size, 0);
  // More than are there, so that of a model that is a little larger the parameter at fault is named.
  const budget = 4 * stored + 2 ** 16;
  let model: Model | undefined;
  try {
    model = withParameterBudget(budget, create);
    model.loadParameters(tensors, { allowMissing: ENCODER_PARAMETER });
    return model;
  } catch (cause) {
    model?.dispose();
    throw new CheckpointError(path, `must fit config.json: ${messageOf(cause)}`, cause);
  }
}

async function readConfig(path: string): Promise<PureConfig> {
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
    return parsePureSettings(json["config"]);
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
    throw new CheckpointError(path, `must be a readable file of a saved PURE model. ${advice}`, cause);
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
