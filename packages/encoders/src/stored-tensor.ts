/** A tensor in a file, not read yet. */
export interface StoredTensor {
  /** Opens error messages: the file and the tensor's name. */
  readonly path: string;
  readonly shape: readonly number[];
  /** Reads the values, in row-major order. */
  read(): Promise<Float32Array>;
}

/** A file, or a part of one, that is read piece by piece. */
export interface ByteSource {
  /** Opens error messages. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Reads the bytes from `start` up to `end`, exclusive; both lie within the file. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** The number formats that weights are kept in. */
export type FloatFormat = "float16" | "bfloat16" | "float32" | "float64";

/** Bytes of one value. */
export const FLOAT_BYTES: Readonly<Record<FloatFormat, number>> = { float16: 2, bfloat16: 2, float32: 4, float64: 8 };

/** Reads little-endian numbers; the result shares no memory with the bytes. */
export function decodeFloats(bytes: Uint8Array, format: FloatFormat): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.byteLength / FLOAT_BYTES[format]);
  if (format === "float32") {
    new Uint8Array(values.buffer).set(bytes);
  } else if (format === "float64") {
    for (let index = 0; index < values.length; index += 1) values[index] = view.getFloat64(index * 8, true);
  } else if (format === "bfloat16") {
    // The upper half of a float32.
    const bits = new Uint32Array(values.buffer);
    for (let index = 0; index < bits.length; index += 1) bits[index] = view.getUint16(index * 2, true) << 16;
  } else {
    for (let index = 0; index < values.length; index += 1) values[index] = halfToFloat(view.getUint16(index * 2, true));
  }
  return values;
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
