import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ModelFileError, WordVocabulary } from "@relatum/encoders";
import { createRandom, ShapeError } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";

import { type HostileReader, readAsFile } from "../../../../tools/hostile-readers.ts";
import { defineGainConfig } from "../config.ts";
import { GainModel } from "../model.ts";
import { readGain, saveGain } from "../saved-model.ts";

const sound = mkdtempSync(join(tmpdir(), "relatum-gain-"));
process.once("exit", () => rmSync(sound, { recursive: true, force: true }));

const config = defineGainConfig({
  relations: ["likes", "knows"],
  entityTypes: ["PER"],
  ...{ typeSize: 2, entityIdSize: 2, maxEntities: 4, lstmSize: 3, graphLayers: 1, maxTokens: 64 },
});
// Vectors of words: GAIN's own form of a saved model; a pretrained encoder is read as ATLOP reads it.
const vocabulary = new WordVocabulary(["BLANK", "UNK", "sea"]);
const backbone = { vocabulary, values: new Float32Array(6), width: 2 };
const model = new GainModel(config, backbone, createRandom(0));
await saveGain(sound, model, backbone, config);
model.dispose();

/** Loads the saved model, of which one file is hostile. */
function readSaved(name: string, bytes: Uint8Array): Promise<void> {
  return readAsFile(`gain/${name}`, bytes, async (path) => {
    const folder = dirname(path);
    cpSync(sound, folder, { recursive: true, filter: (source) => !source.endsWith(`${folderName(sound)}/${name}`) });
    const saved = await readGain(folder);
    saved.model.dispose();
  });
}

const folderName = (path: string): string => path.split(/[\\/]/).at(-1) ?? "";

const common = {
  errors: [CheckpointError, ModelFileError, ShapeError],
  place: /hostile-\w+\/gain\/(?:config\.json|head\.safetensors|words\.json|encoder)/,
};

/** All readers of files of this package. */
export const HOSTILE_READERS: readonly HostileReader[] = [
  {
    ...common,
    name: "saved GAIN, config.json",
    form: "json",
    seeds: [readFileSync(join(sound, "config.json"), "utf8")],
    read: (bytes) => readSaved("config.json", bytes),
  },
  {
    ...common,
    name: "saved GAIN, head.safetensors",
    form: "bytes",
    seeds: [new Uint8Array(readFileSync(join(sound, "head.safetensors")))],
    read: (bytes) => readSaved("head.safetensors", bytes),
  },
  {
    ...common,
    name: "saved GAIN, words.json",
    form: "json",
    seeds: [readFileSync(join(sound, "words.json"), "utf8")],
    read: (bytes) => readSaved("words.json", bytes),
  },
];
