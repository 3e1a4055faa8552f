/** What {@link formatNumpyArray} may write differently, to make files that are to be refused. */
interface NumpyFileChanges {
  readonly version?: 1 | 2;
  readonly type?: string;
  readonly order?: "True" | "False";
  readonly shape?: string;
}

/** A `.npy` file as NumPy writes it: the numbers begin at a multiple of 64 bytes. */
export function formatNumpyArray(
  shape: readonly number[],
  values: Float32Array | Float64Array,
  { version = 1, type, order = "False", shape: shapeText }: NumpyFileChanges = {},
): Uint8Array {
  const descr = type ?? (values instanceof Float32Array ? "<f4" : "<f8");
  const sizes = shapeText ?? `(${shape.map((size) => `${size},`).join(" ")})`;
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${sizes}, }`;
  const headerStart = version === 1 ? 10 : 12;
  const dataStart = Math.ceil((headerStart + header.length + 1) / 64) * 64;
  const bytes = new Uint8Array(dataStart + values.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), version, 0]);
  new DataView(bytes.buffer).setUint16(8, dataStart - headerStart, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(dataStart - headerStart - 1)}\n`), headerStart);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), dataStart);
  return bytes;
}
