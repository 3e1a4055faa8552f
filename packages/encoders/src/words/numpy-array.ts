import { ModelFileError } from "../weights/model-file-error.ts";

/** An array of numbers in row-major order. */
export interface NumpyArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The bytes that open the format: 0x93, then "NUMPY". */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

/** Longest header, as in NumPy; that of an array of numbers has less than 200 bytes. */
const MAX_HEADER_BYTES = 10_000;

/** Bytes in front of the header's length, which version 1 writes into two bytes and later ones into four. */
const VERSION_END = 8;

/**
 * Reads a `.npy` file of floating-point numbers.
 *
 * @param bytes The whole file.
 * @param path Opens the error messages.
 * @returns float32 values share memory with the bytes where these lie at a multiple of four; float64 ones are rounded.
 * @throws {ModelFileError} If the file is damaged, cut off, or holds something else.
 */
export function parseNumpyArray(bytes: Uint8Array, path: string): NumpyArray {
  if (bytes.length < VERSION_END + 4 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new ModelFileError(path, "must be a .npy file of NumPy, got something else.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isFirstVersion = bytes[MAGIC.length] === 1;
  const headerStart = VERSION_END + (isFirstVersion ? 2 : 4);
  const headerLength = isFirstVersion ? view.getUint16(VERSION_END, true) : view.getUint32(VERSION_END, true);
  if (headerLength > MAX_HEADER_BYTES) {
    throw new ModelFileError(path, `must have a header of at most ${MAX_HEADER_BYTES} bytes, got ${headerLength}.`);
  }
  const dataStart = headerStart + headerLength;
  if (dataStart > bytes.length) throw new ModelFileError(path, "must hold a whole header, but is cut off within it.");

  const { type, shape } = parseHeader(new TextDecoder("latin1").decode(bytes.subarray(headerStart, dataStart)), path);
  const size = shape.reduce((product, axis) => product * axis, 1);
  const expected = size * (type === "<f4" ? 4 : 8);
  const data = bytes.subarray(dataStart);
  if (data.length !== expected) {
    const cause = data.length < expected ? " Download it again: it is cut off." : "";
    throw new ModelFileError(path, `must hold ${expected} bytes of numbers, got ${data.length}.${cause}`);
  }
  return { shape, values: type === "<f4" ? asFloats(data) : Float32Array.from(asDoubles(data)) };
}

/** The header is a dictionary as Python prints it. */
function parseHeader(header: string, path: string): { type: "<f4" | "<f8"; shape: number[] } {
  const field = (name: string): string =>
    (new RegExp(`'${name}'\\s*:\\s*(\\([^)]*\\)|'[^']*'|\\w+)`, "u").exec(header)?.[1] ?? "nothing").slice(0, 1000);
  const type = field("descr").replaceAll("'", "");
  if (type !== "<f4" && type !== "<f8") {
    throw new ModelFileError(`${path}: descr`, `must be <f4 or <f8, little-endian floating point, got ${type}.`);
  }
  if (field("fortran_order") !== "False") {
    throw new ModelFileError(`${path}: fortran_order`, `must be False, got ${field("fortran_order")}.`);
  }
  const shape = field("shape");
  if (!/^\((?:\d+,\s*)*(?:\d+)?\)$/u.test(shape)) {
    throw new ModelFileError(`${path}: shape`, `must be a tuple of sizes, got ${shape}.`);
  }
  return { type, shape: [...shape.matchAll(/\d+/gu)].map(Number) };
}

function asFloats(data: Uint8Array): Float32Array {
  const { buffer, byteOffset } = data.byteOffset % 4 === 0 ? data : new Uint8Array(data);
  return new Float32Array(buffer, byteOffset, data.length / 4);
}

function asDoubles(data: Uint8Array): Float64Array {
  const { buffer, byteOffset } = data.byteOffset % 8 === 0 ? data : new Uint8Array(data);
  return new Float64Array(buffer, byteOffset, data.length / 8);
}
