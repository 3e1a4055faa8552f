import { decodeValues, parseSafetensorsHeader, SafetensorsError, safetensorsHeaderEnd } from "@relatum/tensor-utils";

import { ModelFileError } from "./model-file-error.ts";
import type { ByteSource, StoredTensor } from "./stored-tensor.ts";

/** Bytes in front of the header, which hold its length. */
const LENGTH_BYTES = 8;

/**
 * Reads which tensors a safetensors file holds; their values stay in the file.
 *
 * @returns By name, tensors of floating-point numbers only.
 * @throws {ModelFileError} If the file is cut short or its header is damaged.
 */
export async function readSafetensorsIndex(source: ByteSource): Promise<ReadonlyMap<string, StoredTensor>> {
  const { path, size } = source;
  try {
    const headerEnd = safetensorsHeaderEnd(await source.read(0, Math.min(LENGTH_BYTES, size)), size);
    const { entries } = parseSafetensorsHeader(await source.read(0, headerEnd), size);
    const tensors = new Map<string, StoredTensor>();
    for (const [name, { format, shape, start, end }] of entries) {
      if (format !== "F32" && format !== "F16" && format !== "BF16") continue;
      const read = async (): Promise<Float32Array> => {
        const { values } = decodeValues({ format, shape, bytes: await source.read(start, end) }, name);
        return values as Float32Array; // as the format says
      };
      tensors.set(name, { path: `${path}: ${name}`, shape, read });
    }
    return tensors;
  } catch (cause) {
    if (cause instanceof SafetensorsError) throw new ModelFileError(`${path}:`, cause.message, { cause });
    throw cause;
  }
}
