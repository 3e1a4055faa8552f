import * as tf from "@tensorflow/tfjs";

import type { NamedTensors } from "./module.ts";
import { parseSafetensorsHeader, SafetensorsError, type SafetensorsFormat } from "./safetensors-header.ts";

/** The values of one tensor in the bytes of a safetensors file. */
export interface SafetensorsView {
  readonly format: SafetensorsFormat;
  readonly shape: readonly number[];
  /** Little-endian and row-major; shares memory with the file's bytes and may begin anywhere in them. */
  readonly bytes: Uint8Array;
}

/** Values as an engine takes them. */
export type DecodedValues =
  | { readonly dtype: "float32"; readonly values: Float32Array }
  | { readonly dtype: "int32"; readonly values: Int32Array }
  | { readonly dtype: "bool"; readonly values: Uint8Array };

/**
 * Finds the tensors in a safetensors file without copying or converting them.
 *
 * @throws {SafetensorsError} If the file breaks a rule of the format.
 */
export function viewSafetensors(bytes: Uint8Array): ReadonlyMap<string, SafetensorsView> {
  const { entries } = parseSafetensorsHeader(bytes);
  return new Map(
    [...entries].map(([name, { format, shape, start, end }]) => [
      name,
      { format, shape, bytes: bytes.subarray(start, end) },
    ]),
  );
}

/**
 * Reads the tensors of a safetensors file: F32, F16 and BF16 as float32, I64, I32 and U8 as int32, BOOL as bool.
 *
 * @returns Tensors by name, which share no memory with the bytes; the caller disposes of them.
 * @throws {SafetensorsError} If the file breaks a rule of the format or an I64 does not fit into 32 bits.
 */
export function parseSafetensors(bytes: Uint8Array): NamedTensors {
  // All is decoded before the first tensor is made, so that an error leaves none behind.
  const decoded = [...viewSafetensors(bytes)].map(([name, view]) => ({ name, view, ...decodeValues(view, name) }));
  return new Map(decoded.map(({ name, view, dtype, values }) => [name, tf.tensor(values, [...view.shape], dtype)]));
}

/**
 * Converts values of a safetensors file.
 *
 * @param name What the tensor is called; opens the error message.
 * @returns Values that share no memory with the view.
 * @throws {SafetensorsError} If an I64 does not fit into 32 bits, or a BOOL is neither 0 nor 1.
 */
export function decodeValues({ format, bytes }: SafetensorsView, name: string): DecodedValues {
  // Not `slice`, which shares memory if the bytes are a Buffer of Node.
  const { buffer } = new Uint8Array(bytes);
  switch (format) {
    case "F32":
      return { dtype: "float32", values: new Float32Array(buffer) };
    case "F16":
      return { dtype: "float32", values: Float32Array.from(new Uint16Array(buffer), halfToFloat) };
    case "BF16":
      return { dtype: "float32", values: brainToFloat(new Uint16Array(buffer)) };
    case "I64":
      return { dtype: "int32", values: Int32Array.from(new BigInt64Array(buffer), (value) => narrow(value, name)) };
    case "I32":
      return { dtype: "int32", values: new Int32Array(buffer) };
    case "U8":
      return { dtype: "int32", values: Int32Array.from(new Uint8Array(buffer)) };
    case "BOOL":
      return { dtype: "bool", values: requireBooleans(new Uint8Array(buffer), name) };
  }
}

/**
 * Formats tensors as a safetensors file.
 *
 * @param tensors float32, int32 or bool; the caller keeps them.
 * @param metadata Free text by name.
 * @throws {TypeError} If a tensor is of another kind.
 */
export async function formatSafetensors(
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const { header, ordered, byteLength } = layOutSafetensors(tensors, metadata);
  const bytes = new Uint8Array(byteLength);
  bytes.set(header);
  let offset = header.byteLength;
  for (const [, tensor] of ordered) {
    const values = await readBytes(tensor);
    bytes.set(values, offset);
    offset += values.byteLength;
  }
  return bytes;
}

/** Where everything goes in a safetensors file. */
export interface SafetensorsLayout {
  /** The bytes before the values. */
  readonly header: Uint8Array;
  /** The tensors in the order in which their values follow. */
  readonly ordered: readonly (readonly [string, tf.Tensor])[];
  /** Of the whole file. */
  readonly byteLength: number;
}

const FORMATS: Readonly<Partial<Record<tf.DataType, SafetensorsFormat>>> = {
  float32: "F32",
  int32: "I32",
  bool: "BOOL",
};

/**
 * Plans a safetensors file, for writing it piece by piece.
 *
 * @throws {TypeError} If a tensor is neither float32 nor int32 nor bool.
 * @throws {RangeError} If a tensor has the name that the format keeps for itself.
 */
export function layOutSafetensors(
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsLayout {
  if (tensors.has("__metadata__")) throw new RangeError('tensors must not be named "__metadata__", got one that is.');
  // Single bytes go last, so that wider values stay aligned.
  const ordered = [...tensors].toSorted(
    ([, left], [, right]) => Number(left.dtype === "bool") - Number(right.dtype === "bool"),
  );
  let offset = 0;
  const entries = ordered.map(([name, { dtype, shape, size }]) => {
    const format = FORMATS[dtype];
    if (format === undefined) throw new TypeError(`tensor "${name}" must be float32, int32 or bool, got ${dtype}.`);
    const start = offset;
    offset += size * (dtype === "bool" ? 1 : 4);
    return [name, { dtype: format, shape, data_offsets: [start, offset] }] as const;
  });
  const described = Object.keys(metadata).length === 0 ? entries : [["__metadata__", metadata] as const, ...entries];
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(described)));

  const header = new Uint8Array(8 + Math.ceil(json.byteLength / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.byteLength - 8), true);
  header.set(json, 8);
  return { header, ordered, byteLength: header.byteLength + offset };
}

/** Reads the values of a tensor as bytes. */
export async function readBytes(tensor: tf.Tensor): Promise<Uint8Array> {
  const values = await tensor.data();
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** IEEE 754 binary16: 1 bit sign, 5 bits exponent, 10 bits fraction. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A bfloat16 is the upper half of a float32. */
function brainToFloat(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

function narrow(value: bigint, name: string): number {
  const number = Number(value);
  if (number !== (number | 0)) throw new SafetensorsError(`must hold integers of 32 bits, got ${value}.`, name);
  return number;
}

function requireBooleans(values: Uint8Array, name: string): Uint8Array {
  const wrong = values.find((value) => value > 1);
  if (wrong !== undefined) throw new SafetensorsError(`must hold booleans, got ${wrong}.`, name);
  return values;
}
