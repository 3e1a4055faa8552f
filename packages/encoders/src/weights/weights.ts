import * as z from "zod";

import { parseJsonFile } from "./json-file.ts";
import { ModelFileError } from "./model-file-error.ts";
import { readSafetensorsIndex } from "./safetensors-index.ts";
import type { ByteSource, StoredTensor } from "./stored-tensor.ts";
import { readTorchIndex } from "./torch-checkpoint.ts";

/** The files of a model. */
export interface ModelFiles {
  /** Opens error messages. */
  readonly path: string;
  /** The text of a file; undefined if there is none of that name. */
  text(name: string): Promise<string | undefined>;
  /** The bytes of a file, to be read piece by piece; undefined if there is none of that name. */
  source(name: string): Promise<ByteSource | undefined>;
}

type ReadIndex = (source: ByteSource) => Promise<ReadonlyMap<string, StoredTensor>>;

/** In the order in which they are looked for. */
const WEIGHT_FILES: readonly (readonly [name: string, readIndex: ReadIndex])[] = [
  ["model.safetensors", readSafetensorsIndex],
  ["pytorch_model.bin", readTorchIndex],
];

// A shard lies beside its index: a name with a folder in it could lead anywhere.
const shardName = z.string().regex(/^(?!\.{1,2}$)[^/\\\p{Cc}]+$/u, "be a file name without a folder");
const shardIndexSchema = z.object({ weight_map: z.record(z.string(), shardName) });

/**
 * Finds the weights of a model, in one file or several.
 *
 * @returns By the names in the files; the values stay there until they are read.
 * @throws {ModelFileError} If there are none or a file is damaged.
 */
export async function findWeights(files: ModelFiles): Promise<ReadonlyMap<string, StoredTensor>> {
  for (const [name, readIndex] of WEIGHT_FILES) {
    const source = await files.source(name);
    if (source !== undefined) return readIndex(source);
    const shards = await files.text(`${name}.index.json`);
    if (shards !== undefined) return readShards(shards, `${name}.index.json`, files, readIndex);
  }
  const names = WEIGHT_FILES.map(([name]) => name).join(" or ");
  throw new ModelFileError(files.path, `must hold ${names}, in one piece or with an index, got neither.`);
}

async function readShards(
  text: string,
  indexName: string,
  files: ModelFiles,
  readIndex: ReadIndex,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const path = `${files.path}/${indexName}`;
  const { weight_map: shardOf } = parseJsonFile(text, shardIndexSchema, path);
  const tensors = new Map<string, StoredTensor>();
  for (const shard of new Set(Object.values(shardOf))) {
    const source = await files.source(shard);
    if (source === undefined) throw new ModelFileError(path, `must name files beside it, but "${shard}" is not there.`);
    for (const [name, tensor] of await readIndex(source)) tensors.set(name, tensor);
  }
  return tensors;
}
