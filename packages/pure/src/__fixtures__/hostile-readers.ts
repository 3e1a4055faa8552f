import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ModelFileError } from "@relatum/encoders";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, ShapeError } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import { type HostileReader, readAsFile } from "../../../../tools/hostile-readers.ts";
import { withoutLeaks } from "../../../../tools/hostile-tensors.ts";
import { definePureConfig, relationConfig } from "../config.ts";
import { PureEntityModel } from "../entity-model.ts";
import { PureRelationModel } from "../relation-model.ts";
import { readPure, savePure } from "../saved-model.ts";

const sound = mkdtempSync(join(tmpdir(), "relatum-pure-"));
process.once("exit", () => rmSync(sound, { recursive: true, force: true }));

const config = definePureConfig({
  entityTypes: ["PER"],
  relations: ["likes", "knows"],
  maxSpanWords: 3, widthEmbeddingSize: 4, headSize: 8, typeEmbeddingSize: 4, maxTokens: 64,
});
const backbone = tinyBackbone();
const entity = new PureEntityModel(config, backbone, createRandom(0));
const relation = new PureRelationModel(relationConfig(config, backbone), backbone, createRandom(0));
await savePure(sound, {
  config,
  entity: { model: entity, backbone },
  relation: { model: relation, backbone },
});
entity.dispose();
tf.dispose([...relation.parameters().values()].filter((parameter) => !parameter.isDisposed));

/** Loads the saved model, of which one file is hostile; the others are put beside it once. */
function readSaved(name: string): (bytes: Uint8Array) => Promise<void> {
  const folder = `pure-${name.split(".")[0]}`;
  let isThere = false;
  return async (bytes) => {
    if (!isThere) {
      await readAsFile(`${folder}/${name}`, "", (path) => cpSync(sound, dirname(path), { recursive: true }));
    }
    isThere = true;
    await readAsFile(`${folder}/${name}`, bytes, async (path) => {
      const { entity: found, relation: other } = await readPure(dirname(path));
      for (const part of [found, other]) {
        if (part !== undefined) tf.dispose([...part.model.parameters().values()]);
      }
    });
  };
}

/** Bytes of all files of the sound model. */
const bytesBeside = readdirSync(sound, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

const common = {
  bytesBeside,
  errors: [CheckpointError, ModelFileError, ShapeError],
  place: /hostile-\w+\/pure-[\w-]+\/(?:config\.json|(?:entity|relation)-head\.safetensors)/,
};

const READERS: readonly HostileReader[] = [
  {
    ...common,
    name: "saved PURE, config.json",
    form: "json",
    seeds: [readFileSync(join(sound, "config.json"), "utf8")],
    read: readSaved("config.json"),
  },
  {
    ...common,
    name: "saved PURE, entity-head.safetensors",
    form: "bytes",
    seeds: [new Uint8Array(readFileSync(join(sound, "entity-head.safetensors")))],
    read: readSaved("entity-head.safetensors"),
  },
];

/** All readers of files of this package. */
export const HOSTILE_READERS: readonly HostileReader[] = READERS.map(withoutLeaks);
