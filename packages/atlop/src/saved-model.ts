import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type Backbone, headParameters, loadPretrained, restoreModel, SavedModels } from "@relatum/encoders";
import { createRandom, formatSafetensors } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { AtlopConfig } from "./config.ts";
import { AtlopModel } from "./model.ts";
import { parseAtlopSettings } from "./settings.ts";

const saved = new SavedModels<AtlopConfig>({
  paper: "atlop",
  version: 1,
  title: "ATLOP",
  package: "@relatum/atlop",
  load: "loadAtlop",
  parseConfig: parseAtlopSettings,
});

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
  await saved.write(directory, config, async (folder) => {
    await backbone.save(join(folder, "encoder"));
    await writeFile(join(folder, "head.safetensors"), await formatSafetensors(headParameters(model)));
  });
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
  const config = await saved.readConfig(directory);
  const path = join(directory, "head.safetensors");
  const tensors = await saved.readTensors(path);
  try {
    const labels = tensors.get("bilinear.bias")?.shape[0];
    if (labels !== config.relations.length + 1) {
      const problem = `must score the threshold class and the ${config.relations.length} relations of config.json`;
      throw new CheckpointError(path, `${problem}, got ${labels} labels.`);
    }
    const backbone = await loadPretrained(join(directory, "encoder"));
    try {
      const create = (): AtlopModel => new AtlopModel(config, backbone, createRandom(0));
      const model = restoreModel(create, tensors, path, { hasEncoder: true });
      return { model, backbone, config };
    } catch (error) {
      backbone.encoder.dispose();
      throw error;
    }
  } finally {
    tf.dispose([...tensors.values()]);
  }
}
