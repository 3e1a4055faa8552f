import { decodeValues, type SafetensorsFormat } from "@relatum/tensor-utils";

import { ModelFileError } from "./model-file-error.ts";
import { PickleCallable, type PickleNames, readPickle } from "./pickle.ts";
import { PickleBytes } from "./pickle-bytes.ts";
import type { StoredTensor } from "./stored-tensor.ts";
import { checkView, gatherValues } from "./strided-view.ts";

/** A run of numbers that tensors look into. */
export interface StorageRecord {
  readonly key: string;
  readonly format: StorageFormat;
}

/** Number formats of a storage. */
type StorageFormat = keyof typeof VALUE_BYTES;

/** Bytes of one value. */
export const VALUE_BYTES = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const;

const STORAGE_FORMATS: ReadonlyMap<string, StorageFormat> = new Map([
  ["DoubleStorage", "float64"],
  ["FloatStorage", "float32"],
  ["HalfStorage", "float16"],
  ["BFloat16Storage", "bfloat16"],
  ["LongStorage", "int64"],
  ["IntStorage", "int32"],
  ["ShortStorage", "int16"],
  ["CharStorage", "int8"],
  ["ByteStorage", "uint8"],
  ["BoolStorage", "bool"],
]);

/** What the pickle says of a tensor; nothing of it is checked yet. */
class TensorRecord {
  readonly storage: unknown;
  readonly offset: unknown;
  readonly shape: unknown;
  readonly strides: unknown;

  constructor(storage: unknown, offset: unknown, shape: unknown, strides: unknown) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

class StorageType {
  readonly format: StorageFormat;

  constructor(format: StorageFormat) {
    this.format = format;
  }
}

class Storage implements StorageRecord {
  readonly key: string;
  readonly format: StorageFormat;

  constructor(key: string, format: StorageFormat) {
    this.key = key;
    this.format = format;
  }
}

/** Reads the pickles of a checkpoint, which may make dictionaries and tensors and nothing else. */
export class TorchPickles implements PickleNames {
  /** The storages that the pickles mention, by key. */
  readonly storages: Map<string, StorageRecord> = new Map();
  readonly #bytes: PickleBytes;
  readonly #path: string;
  /** Pairs that dictionaries may still be made from: no more in all than the pickles have bytes. */
  #pairsLeft: number;

  /** @param path Opens the error messages. */
  constructor(bytes: PickleBytes, path: string) {
    this.#bytes = bytes;
    this.#path = path;
    this.#pairsLeft = bytes.left;
  }

  /** Reads the next pickle. */
  read(): unknown {
    return readPickle(this.#bytes, this);
  }

  resolveName(module: string, name: string): unknown {
    const format = module === "torch" ? STORAGE_FORMATS.get(name) : undefined;
    if (format !== undefined) return new StorageType(format);
    switch (`${module}.${name}`) {
      case "collections.OrderedDict":
        return new PickleCallable(([pairs]) => this.#toMap(pairs ?? []));
      case "torch._utils._rebuild_tensor_v2":
        return new PickleCallable((fields) => new TensorRecord(fields[0], fields[1], fields[2], fields[3]));
      case "torch._utils._rebuild_parameter":
        return new PickleCallable(([tensor]) => tensor);
      default:
        throw new ModelFileError(
          this.#path,
          `must hold nothing but tensors, but its pickle asks for ${excerpt(`${module}.${name}`)}.`,
        );
    }
  }

  resolveId(id: unknown): Storage {
    const [kind, type, key, , , view] = Array.isArray(id) ? (id as unknown[]) : [];
    if (kind !== "storage" || !(type instanceof StorageType) || typeof key !== "string" || (view ?? null) !== null) {
      throw new ModelFileError(this.#path, "must name its storages as torch.save does.");
    }
    const storage = new Storage(key, type.format);
    this.storages.set(key, storage);
    return storage;
  }

  /** A list may be used again and again: what is made of it counts. */
  #toMap(pairs: unknown): Map<unknown, unknown> {
    const items = Array.isArray(pairs) ? (pairs as unknown[]) : undefined;
    this.#pairsLeft -= items?.length ?? 0;
    if (this.#pairsLeft < 0 || !items?.every((item): item is [unknown, unknown] => Array.isArray(item))) {
      throw new ModelFileError(this.#path, "must make its dictionaries from lists of pairs, each of them once.");
    }
    return new Map(items);
  }
}

/**
 * Checks the tensors of an unpickled dictionary.
 *
 * @param root What the pickle holds.
 * @param fileBytes Size of the file; no tensor may have more values than that.
 * @param readStorage Gives the bytes of a storage.
 * @throws {ModelFileError} If the root is no dictionary with tensors, or a tensor looks beyond its storage.
 */
export function toStoredTensors(
  root: unknown,
  path: string,
  fileBytes: number,
  readStorage: (storage: StorageRecord) => Uint8Array,
): ReadonlyMap<string, StoredTensor> {
  if (!(root instanceof Map)) throw new ModelFileError(path, "must hold a dictionary of tensors.");
  const tensors = new Map<string, StoredTensor>();
  for (const [name, record] of root as Map<unknown, unknown>) {
    if (!(record instanceof TensorRecord) || typeof name !== "string") continue;
    const place = `${path}: ${excerpt(name)}`;
    const { storage } = record;
    if (!(storage instanceof Storage)) throw new ModelFileError(place, "must lie in a storage.");
    const { format } = storage;
    if (!isFloat(format)) continue;
    const view = checkView(record, place, fileBytes);
    const read = async (): Promise<Float32Array> => {
      const content = readStorage(storage);
      const [start, end] = [view.start * VALUE_BYTES[format], view.end * VALUE_BYTES[format]];
      if (end > content.length) {
        throw new ModelFileError(place, `must end within its storage (${content.length} bytes), got byte ${end}.`);
      }
      return gatherValues(decodeFloats(content.subarray(start, end), format, name), view);
    };
    tensors.set(name, { path: place, shape: view.shape, read });
  }
  if (tensors.size === 0) throw new ModelFileError(path, "must hold tensors by name at its top, got none.");
  return tensors;
}

type FloatFormat = "float64" | "float32" | "float16" | "bfloat16";

const SAME_IN_SAFETENSORS: Readonly<Record<Exclude<FloatFormat, "float64">, SafetensorsFormat>> = {
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
};

function isFloat(format: StorageFormat): format is FloatFormat {
  return format === "float64" || format in SAME_IN_SAFETENSORS;
}

function decodeFloats(bytes: Uint8Array, format: FloatFormat, name: string): Float32Array {
  if (format === "float64") return Float32Array.from(new Float64Array(new Uint8Array(bytes).buffer));
  const { values } = decodeValues({ format: SAME_IN_SAFETENSORS[format], shape: [], bytes }, name);
  return values as Float32Array; // as the format says
}

/** A name of the file as an error message shows it. */
function excerpt(name: string): string {
  return name.length > 100 ? `${name.slice(0, 99)}…` : name;
}
