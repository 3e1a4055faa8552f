import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { ModelFileError } from "@relatum/encoders";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, ShapeError } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";

import { type HostileReader, readAsFile } from "../../../../tools/hostile-readers.ts";
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

/** Loads the saved model, of which one file is hostile. */
function readSaved(name: string, bytes: Uint8Array): Promise<void> {
  return readAsFile(`atlop/${name}`, bytes, async (path) => {
    const folder = dirname(path);
    cpSync(sound, folder, { recursive: true, filter: (source) => !source.endsWith(`${folderName(sound)}/${name}`) });
    const saved = await readAtlop(folder);
    saved.model.dispose();
  });
}

const folderName = (path: string): string => path.split(/[\\/]/).at(-1) ?? "";

const common = {
  errors: [CheckpointError, ModelFileError, ShapeError],
  place: /hostile-\w+\/atlop\/(?:config\.json|head\.safetensors)/,
};

/** All readers of files of this package. */
export const HOSTILE_READERS: readonly HostileReader[] = [
  {
    ...common,
    name: "saved ATLOP, config.json",
    form: "json",
    seeds: [readFileSync(join(sound, "config.json"), "utf8")],
    read: (bytes) => readSaved("config.json", bytes),
  },
  {
    ...common,
    name: "saved ATLOP, head.safetensors",
    form: "bytes",
    seeds: [new Uint8Array(readFileSync(join(sound, "head.safetensors")))],
    read: (bytes) => readSaved("head.safetensors", bytes),
  },
];
