import { unzipSync } from "fflate";
import { BufferReader } from "pickleparser";

import { ModelFileError } from "./model-file-error.ts";
import type { ByteSource, StoredTensor } from "./stored-tensor.ts";
import { createUnpickler, type StorageRecord, toStoredTensors, VALUE_BYTES } from "./torch-pickle.ts";

/** How a file begins that `torch.save` wrote before PyTorch 1.6: a pickle of the number 0x1950a86a20f9469cfc6c. */
const OLD_MAGIC = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

const ZIP_MAGIC = [0x50, 0x4b, 3, 4];

/**
 * Reads which tensors a file of `torch.save` holds: `pytorch_model.bin`. The file is read as a whole.
 *
 * No code of the file is run: its pickle may build dictionaries and tensors, whatever else it asks for is refused.
 *
 * @returns By name, tensors of floating-point numbers only.
 * @throws {ModelFileError} If the file is damaged or asks for more.
 */
export async function readTorchIndex(source: ByteSource): Promise<ReadonlyMap<string, StoredTensor>> {
  return parseTorchCheckpoint(await source.read(0, source.size), source.path);
}

/**
 * Reads the tensors in the bytes of a file of `torch.save`, as {@link readTorchIndex} does.
 *
 * @param path Opens the error messages.
 */
export function parseTorchCheckpoint(bytes: Uint8Array, path: string): ReadonlyMap<string, StoredTensor> {
  try {
    if (startsWith(bytes, ZIP_MAGIC)) return parseZip(bytes, path);
    if (startsWith(bytes, OLD_MAGIC)) return parseOldForm(bytes, path);
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ModelFileError(path, `must be a whole file of torch.save, but reading it failed: ${problem}`, { cause });
  }
  throw new ModelFileError(path, "must be a file of torch.save, but begins otherwise.");
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** A zip archive: `NAME/data.pkl`, and one file `NAME/data/KEY` for each storage. */
function parseZip(bytes: Uint8Array, path: string): ReadonlyMap<string, StoredTensor> {
  const entries = listEntries(bytes, path);
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw new ModelFileError(path, `must hold one data.pkl, got ${pickles.length}.`);
  }
  const folder = pickle.slice(0, -"data.pkl".length);
  const extract = (name: string): Uint8Array => {
    const content = unzipSync(bytes, { filter: (entry) => entry.name === name })[name];
    if (content === undefined || content.length !== entries.get(name)) {
      throw new ModelFileError(path, `must hold the whole of ${name}.`);
    }
    return content;
  };
  if (entries.has(`${folder}byteorder`) && new TextDecoder().decode(extract(`${folder}byteorder`)) !== "little") {
    throw new ModelFileError(path, "must hold its numbers with the lowest byte first.");
  }

  const root = createUnpickler(path).read(new BufferReader(extract(pickle)));
  // Many tensors may share one storage, which then lies in memory once.
  let last: { key: string; content: Uint8Array } = { key: "", content: new Uint8Array() };
  const readStorage = ({ key }: StorageRecord): Uint8Array => {
    if (last.key !== key) last = { key, content: extract(`${folder}data/${key}`) };
    return last.content;
  };
  return toStoredTensors(root, path, bytes.length, readStorage);
}

/** The size of each file in the archive, in bytes. */
function listEntries(bytes: Uint8Array, path: string): Map<string, number> {
  const entries = new Map<string, number>();
  unzipSync(bytes, {
    filter: ({ name, compression, originalSize, size }) => {
      // Packed files could swell without bound; torch.save never packs.
      if (compression !== 0 || originalSize !== size || size > bytes.length) {
        throw new ModelFileError(path, `must hold its files unpacked, but ${name} is packed.`);
      }
      entries.set(name, size);
      return false;
    },
  });
  return entries;
}

/** Five pickles (a mark, a version, the machine, the objects, the keys of the storages), then the storages. */
function parseOldForm(bytes: Uint8Array, path: string): ReadonlyMap<string, StoredTensor> {
  const reader = new BufferReader(bytes);
  reader.skip(OLD_MAGIC.length);
  const unpickler = createUnpickler(path);
  const version: unknown = unpickler.read(reader);
  if (version !== 1001) throw new ModelFileError(path, `must be of torch.save's version 1001, got ${String(version)}.`);
  const machine: unknown = unpickler.read(reader);
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) {
    throw new ModelFileError(path, "must hold its numbers with the lowest byte first.");
  }
  const storages = new Map<string, StorageRecord>();
  const root = createUnpickler(path, storages).read(reader);
  const keys: unknown = unpickler.read(reader);
  if (!Array.isArray(keys)) throw new ModelFileError(path, "must list the keys of its storages.");

  const contents = new Map<string, Uint8Array>();
  for (const key of keys) {
    const storage = storages.get(String(key));
    if (storage === undefined) throw new ModelFileError(path, `must use the storage "${String(key)}" that it holds.`);
    contents.set(storage.key, reader.bytes(reader.uint64() * VALUE_BYTES[storage.format]) as Uint8Array);
  }
  return toStoredTensors(root, path, bytes.length, ({ key }) => {
    const content = contents.get(key);
    if (content === undefined) throw new ModelFileError(path, `must hold the storage "${key}".`);
    return content;
  });
}
