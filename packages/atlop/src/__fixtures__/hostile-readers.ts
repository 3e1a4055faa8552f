import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ModelFileError } from "@relatum/encoders";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, ShapeError } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";

import { type HostileReader, readAsFile } from "../../../../tools/hostile-readers.ts";
import { withoutLeaks } from "../../../../tools/hostile-tensors.ts";
import { defineAtlopConfig } from "../config.ts";
import { AtlopModel } from "../model.ts";
import { readAtlop, saveAtlop } from "../saved-model.ts";

const sound = mkdtempSync(join(tmpdir(), "relatum-atlop-"));
process.once("exit", () => rmSync(sound, { recursive: true, force: true }));

const config = defineAtlopConfig({ relations: ["likes", "knows"], pairSize: 8, blockSize: 4, maxTokens: 64 });
const backbone = tinyBackbone();
const model = new AtlopModel(config, backbone, createRandom(0));
await saveAtlop(sound, model, backbone, config);
model.dispose();

/** Loads the saved model, of which one file is hostile; the others are put beside it once. */
function readSaved(name: string): (bytes: Uint8Array) => Promise<void> {
  const folder = `atlop-${name.split(".")[0]}`;
  let isThere = false;
  return async (bytes) => {
    if (!isThere) {
      await readAsFile(`${folder}/${name}`, "", (path) => cpSync(sound, dirname(path), { recursive: true }));
    }
    isThere = true;
    await readAsFile(`${folder}/${name}`, bytes, async (path) => {
      const saved = await readAtlop(dirname(path));
      saved.model.dispose();
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
  place: /hostile-\w+\/atlop-[\w-]+\/(?:config\.json|head\.safetensors)/,
};

const READERS: readonly HostileReader[] = [
  {
    ...common,
    name: "saved ATLOP, config.json",
    form: "json",
    seeds: [readFileSync(join(sound, "config.json"), "utf8")],
    read: readSaved("config.json"),
  },
  {
    ...common,
    name: "saved ATLOP, head.safetensors",
    form: "bytes",
    seeds: [new Uint8Array(readFileSync(join(sound, "head.safetensors")))],
    read: readSaved("head.safetensors"),
  },
];

/** All readers of files of this package. */
export const HOSTILE_READERS: readonly HostileReader[] = READERS.map(withoutLeaks);
