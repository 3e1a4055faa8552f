import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import * as tf from "@tensorflow/tfjs";

import { type Chance, mutateJson } from "../../../../tools/hostile-inputs.ts";
import { type HostileReader, readAsFile } from "../../../../tools/hostile-readers.ts";
import { withoutLeaks } from "../../../../tools/hostile-tensors.ts";
import { parseSafetensors } from "../safetensors.ts";
import { SafetensorsError } from "../safetensors-header.ts";
import { CheckpointError } from "../train/checkpoint-error.ts";
import { loadCheckpoint } from "../train/checkpoint.ts";

const HEADER = {
  __metadata__: { format: "pt" },
  weight: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
  half: { dtype: "BF16", shape: [2], data_offsets: [16, 20] },
  ids: { dtype: "I64", shape: [1], data_offsets: [20, 28] },
  flags: { dtype: "BOOL", shape: [2], data_offsets: [28, 30] },
};

const VALUES = Buffer.concat([Buffer.from(Float32Array.of(1, 2, 3, 4).buffer), Buffer.alloc(14)]);

/** A safetensors file of a header and the bytes behind it. */
export function safetensorsFile(header: string | object, values: Uint8Array = VALUES): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, values]);
}

/** Changes what a header says, and leaves its length right. */
function buildSafetensors(chance: Chance): Uint8Array {
  return safetensorsFile(mutateJson(JSON.stringify(HEADER), chance));
}

const WORDS = ['"dtype":"F16",', '"data_offsets":[0,0]', '"shape":[]', '"weight":{', "{", "[", '"'];

/** A checkpoint's tensors: two values and no name more. */
const PARAMETERS = safetensorsFile({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, Buffer.alloc(8));
const EMPTY = safetensorsFile({}, Buffer.alloc(0));

const summary = (bytes: Uint8Array): object => ({ byteLength: bytes.length, sha256: hashOf(bytes) });

const manifestOf = (parameters: Uint8Array): object => ({
  format: "relatum-checkpoint-1",
  progress: {
    step: 4,
    epoch: 2,
    batchesDone: 1,
    lossSum: 0.5,
    epochSteps: 1,
    epochs: [{ kind: "epoch", epoch: 1, meanLoss: 0.7, score: 0.5 }],
    best: { epoch: 1, score: 0.5, step: 3 },
  },
  fingerprint: { "fit.random": "7" },
  files: { parameters: summary(parameters), moments: summary(EMPTY), best: summary(EMPTY) },
});

function hashOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function sealed(manifest: string): string {
  return JSON.stringify({ sha256: hashOf(manifest), manifest });
}

/** Loads the checkpoint that has this manifest. */
function readCheckpoint(manifest: string | Uint8Array, parameters: Uint8Array = PARAMETERS): Promise<void> {
  return readAsFile("run/checkpoint-000001/manifest.json", manifest, async (path) => {
    const folder = dirname(path);
    mkdirSync(folder, { recursive: true });
    for (const [part, bytes] of Object.entries({ parameters, moments: EMPTY, best: EMPTY })) {
      writeFileSync(join(folder, `${part}.safetensors`), bytes);
    }
    const loaded = await loadCheckpoint(dirname(folder));
    if (loaded === undefined) throw new TypeError("A checkpoint must be found, got none.");
    const { progress, fingerprint } = loaded;
    tf.dispose([loaded.parameters, loaded.moments, loaded.best].flatMap((tensors) => [...tensors.values()]));
    const counts = [progress.step, progress.epoch, progress.batchesDone, progress.epochSteps, progress.epochs.length];
    const texts = Object.values(fingerprint);
    if (!counts.every((count) => Number.isSafeInteger(count)) || texts.some((text) => typeof text !== "string")) {
      throw new TypeError("A checkpoint that is loaded must be sound, got another.");
    }
  });
}

const checkpoint = { errors: [CheckpointError], place: /run(?:\/checkpoint-000001\/(?:manifest\.json|\w+\.safe))? / };

const READERS: readonly HostileReader[] = [
  {
    name: "safetensors",
    form: "bytes",
    seeds: [safetensorsFile(HEADER), EMPTY],
    build: buildSafetensors,
    words: WORDS,
    errors: [SafetensorsError],
    place: /^(?:safetensors header|tensor ")/,
    read: (bytes) => tf.dispose([...parseSafetensors(bytes).values()]),
  },
  {
    ...checkpoint,
    name: "training checkpoint, the manifest's file",
    form: "bytes",
    seeds: [sealed(JSON.stringify(manifestOf(PARAMETERS)))],
    build: (chance) => Buffer.from(mutateJson(sealed(JSON.stringify(manifestOf(PARAMETERS))), chance)),
    read: (bytes) => readCheckpoint(bytes),
  },
  {
    ...checkpoint,
    name: "training checkpoint, the manifest under a right checksum",
    form: "json",
    seeds: [JSON.stringify(manifestOf(PARAMETERS))],
    read: (bytes) => readCheckpoint(sealed(Buffer.from(bytes).toString())),
  },
  {
    ...checkpoint,
    name: "training checkpoint, tensors under a right checksum",
    form: "bytes",
    seeds: [PARAMETERS],
    build: buildSafetensors,
    words: WORDS,
    read: (bytes) => readCheckpoint(sealed(JSON.stringify(manifestOf(bytes))), bytes),
  },
];

/** All readers of files of this package. */
export const HOSTILE_READERS: readonly HostileReader[] = READERS.map(withoutLeaks);
