import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ModelFileError, WordVocabulary } from "@relatum/encoders";
import { createRandom, ShapeError } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";

import { type HostileReader, readAsFile } from "../../../../tools/hostile-readers.ts";
import { withoutLeaks } from "../../../../tools/hostile-tensors.ts";
import { defineGainConfig } from "../config.ts";
import { GainModel } from "../model.ts";
import { readGain, saveGain } from "../saved-model.ts";

const sound = mkdtempSync(join(tmpdir(), "relatum-gain-"));
process.once("exit", () => rmSync(sound, { recursive: true, force: true }));

const config = defineGainConfig({
  relations: ["likes", "knows"],
  entityTypes: ["PER"],
  typeSize: 2, entityIdSize: 2, maxEntities: 4, lstmSize: 3, graphLayers: 1, maxTokens: 64,
});
// Vectors of words: GAIN's own form of a saved model; a pretrained encoder is read as ATLOP reads it.
const vocabulary = new WordVocabulary(["BLANK", "UNK", "sea"]);
const backbone = { vocabulary, values: new Float32Array(6), width: 2 };
const model = new GainModel(config, backbone, createRandom(0));
await saveGain(sound, model, backbone, config);
model.dispose();

/** Loads the saved model, of which one file is hostile; the others are put beside it once. */
function readSaved(name: string): (bytes: Uint8Array) => Promise<void> {
  const folder = `gain-${name.split(".")[0]}`;
  let isThere = false;
  return async (bytes) => {
    if (!isThere) {
      await readAsFile(`${folder}/${name}`, "", (path) => cpSync(sound, dirname(path), { recursive: true }));
    }
    isThere = true;
    await readAsFile(`${folder}/${name}`, bytes, async (path) => {
      const saved = await readGain(dirname(path));
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
  place: /hostile-\w+\/gain-[\w-]+\/(?:config\.json|head\.safetensors|words\.json|encoder)/,
};

const READERS: readonly HostileReader[] = [
  {
    ...common,
    name: "saved GAIN, config.json",
    form: "json",
    seeds: [readFileSync(join(sound, "config.json"), "utf8")],
    read: readSaved("config.json"),
  },
  {
    ...common,
    name: "saved GAIN, head.safetensors",
    form: "bytes",
    seeds: [new Uint8Array(readFileSync(join(sound, "head.safetensors")))],
    read: readSaved("head.safetensors"),
  },
  {
    ...common,
    name: "saved GAIN, words.json",
    form: "json",
    seeds: [readFileSync(join(sound, "words.json"), "utf8")],
    read: readSaved("words.json"),
  },
];

/** All readers of files of this package. */
export const HOSTILE_READERS: readonly HostileReader[] = READERS.map(withoutLeaks);
