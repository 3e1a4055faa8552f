import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type Backbone, headParameters, loadPretrained, restoreModel, SavedModels } from "@relatum/encoders";
import { createRandom, formatSafetensors, type Module } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import { type PureConfig, relationConfig } from "./config.ts";
import { PureEntityModel } from "./entity-model.ts";
import type { PurePart, PureModel } from "./extractor.ts";
import { PureRelationModel } from "./relation-model.ts";
import { parsePureSettings } from "./settings.ts";

const saved = new SavedModels<PureConfig>({
  paper: "pure",
  version: 1,
  title: "PURE",
  package: "@relatum/pure",
  load: "loadPure",
  parseConfig: parsePureSettings,
});

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
  await saved.write(directory, model.config, async (folder) => {
    for (const name of PARTS) {
      const part = model[name];
      if (part === undefined) continue;
      await part.backbone.save(join(folder, encoderFolder(name, model.config)));
      await writeFile(join(folder, `${name}-head.safetensors`), await formatSafetensors(headParameters(part.model)));
    }
  });
}

/**
 * Reads models that {@link savePure} wrote.
 *
 * @throws {CheckpointError} If the directory holds another paper's model, one of another version, or files that do not
 *   belong together.
 */
export async function readPure(directory: string): Promise<PureModel> {
  const config = await saved.readConfig(directory);
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
    const tensors = await saved.readTensors(path);
    try {
      const backbone = await backboneOf(name);
      const model = restoreModel(() => create(backbone), tensors, path, { hasEncoder: true });
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
