import * as z from "zod";

import { parseJsonFile } from "./json-file.ts";
import { ModelFileError } from "./model-file-error.ts";
import { type ByteSource, decodeFloats, FLOAT_BYTES, type FloatFormat, type StoredTensor } from "./stored-tensor.ts";

/** Bytes in front of the header: its length. */
const LENGTH_BYTES = 8;

/** Longest header that is read, as the format's own tools have it, in bytes. */
const MAX_HEADER_BYTES = 100_000_000;

const FORMATS: Readonly<Record<string, FloatFormat>> = {
  F16: "float16",
  BF16: "bfloat16",
  F32: "float32",
  F64: "float64",
};

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

const headerSchema = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(entrySchema);

/**
 * Reads which tensors a safetensors file holds; their values stay in the file.
 *
 * @returns By name, tensors of floating-point numbers only.
 * @throws {ModelFileError} If the file is cut short or its header is damaged.
 */
export async function readSafetensorsIndex(source: ByteSource): Promise<ReadonlyMap<string, StoredTensor>> {
  const { path, size } = source;
  if (size < LENGTH_BYTES)
    throw new ModelFileError(path, `must begin with the length of its header, got ${size} bytes.`);
  const prefix = await source.read(0, LENGTH_BYTES);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  const dataStart = LENGTH_BYTES + length;
  if (length > MAX_HEADER_BYTES || dataStart > size) {
    throw new ModelFileError(path, `must hold a header of ${length} bytes, got ${size} bytes in all.`);
  }
  const text = new TextDecoder().decode(await source.read(LENGTH_BYTES, dataStart));
  const { __metadata__: _, ...entries } = parseJsonFile(text, headerSchema, path);

  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    const format = FORMATS[entry.dtype];
    if (format === undefined) continue;
    const [start, end] = [dataStart + entry.data_offsets[0], dataStart + entry.data_offsets[1]];
    const place = `${path}: ${name}`;
    const bytes = entry.shape.reduce((product, axis) => product * axis, FLOAT_BYTES[format]);
    if (end > size) throw new ModelFileError(place, `must end within the file (${size} bytes), got byte ${end}.`);
    if (end - start !== bytes) throw new ModelFileError(place, `must take ${bytes} bytes, got ${end - start}.`);
    const read = async () => decodeFloats(await source.read(start, end), format);
    tensors.set(name, { path: place, shape: entry.shape, read });
  }
  return tensors;
}

/**
 * The bytes that open a safetensors file of float32 tensors.
 *
 * @param shapes By name; the values follow in this order, without gaps.
 */
export function formatSafetensorsHeader(shapes: ReadonlyMap<string, readonly number[]>): Uint8Array {
  // The tools of Hugging Face ask for this mark of the axis order.
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let end = 0;
  for (const [name, shape] of shapes) {
    const start = end;
    end += shape.reduce((product, axis) => product * axis, FLOAT_BYTES.float32);
    header[name] = { dtype: "F32", shape, data_offsets: [start, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20, LENGTH_BYTES); // spaces round it up to 8 bytes
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, LENGTH_BYTES);
  return bytes;
}
