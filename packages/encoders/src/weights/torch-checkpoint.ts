import { ModelFileError } from "./model-file-error.ts";
import { PickleBytes } from "./pickle-bytes.ts";
import type { ByteSource, StoredTensor } from "./stored-tensor.ts";
import { listStoredFiles } from "./stored-zip.ts";
import { TorchPickles, toStoredTensors, VALUE_BYTES } from "./torch-pickle.ts";

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
  if (startsWith(bytes, ZIP_MAGIC)) return parseZip(bytes, path);
  if (startsWith(bytes, OLD_MAGIC)) return parseOldForm(bytes, path);
  throw new ModelFileError(path, "must be a file of torch.save, but begins otherwise.");
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** A zip archive: `NAME/data.pkl`, and one file `NAME/data/KEY` for each storage. */
function parseZip(bytes: Uint8Array, path: string): ReadonlyMap<string, StoredTensor> {
  const files = listStoredFiles(bytes, path);
  const pickles = [...files.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw new ModelFileError(path, `must hold one data.pkl, got ${pickles.length}.`);
  }
  const folder = pickle.slice(0, -"data.pkl".length);
  // Names are looked up among those of the archive: none of them leads to another file.
  const find = (name: string): Uint8Array => {
    const content = files.get(name);
    if (content === undefined) throw new ModelFileError(path, `must hold the whole of ${name}.`);
    return content;
  };
  const order = files.get(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order) !== "little") {
    throw new ModelFileError(path, "must hold its numbers with the lowest byte first.");
  }
  const root = new TorchPickles(new PickleBytes(find(pickle), path), path).read();
  return toStoredTensors(root, path, bytes.length, ({ key }) => find(`${folder}data/${key}`));
}

/** Five pickles (a mark, a version, the machine, the objects, the keys of the storages), then the storages. */
function parseOldForm(bytes: Uint8Array, path: string): ReadonlyMap<string, StoredTensor> {
  const reader = new PickleBytes(bytes, path);
  reader.take(OLD_MAGIC.length);
  const pickles = new TorchPickles(reader, path);
  const version = pickles.read();
  if (version !== 1001) throw new ModelFileError(path, "must be of torch.save's version 1001, got another.");
  const machine = pickles.read();
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) {
    throw new ModelFileError(path, "must hold its numbers with the lowest byte first.");
  }
  const root = pickles.read();
  const keys = pickles.read();
  if (!Array.isArray(keys)) throw new ModelFileError(path, "must list the keys of its storages.");

  const contents = new Map<string, Uint8Array>();
  for (const key of keys as unknown[]) {
    const storage = typeof key === "string" ? pickles.storages.get(key) : undefined;
    if (storage === undefined) throw new ModelFileError(path, "must use each storage that it holds, got one besides.");
    contents.set(storage.key, reader.take(reader.uint64() * VALUE_BYTES[storage.format]));
  }
  return toStoredTensors(root, path, bytes.length, ({ key }) => {
    const content = contents.get(key);
    if (content === undefined) throw new ModelFileError(path, `must hold the storage "${key}".`);
    return content;
  });
}
