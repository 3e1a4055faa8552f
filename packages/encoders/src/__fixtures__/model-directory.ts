import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { zipSync } from "fflate";

/** A tensor to be written into a file. */
export interface FileTensor {
  readonly shape: readonly number[];
  readonly dtype: "F32" | "F16" | "BF16" | "F64" | "I64";
  readonly bytes: Uint8Array;
}

/** A float32 tensor. */
export function float32(shape: readonly number[], values: ArrayLike<number>): FileTensor {
  return { shape, dtype: "F32", bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** A safetensors file, written by hand so that the reader is not tested against its own writer. */
export function safetensorsBytes(tensors: ReadonlyMap<string, FileTensor>): Uint8Array {
  let end = 0;
  const header = Object.fromEntries(
    [...tensors].map(([name, { dtype, shape, bytes }]) => {
      const start = end;
      end += bytes.length;
      return [name, { dtype, shape, data_offsets: [start, end] }];
    }),
  );
  const text = Buffer.from(JSON.stringify({ __metadata__: { format: "pt" }, ...header }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...[...tensors.values()].map(({ bytes }) => bytes)]);
}

/** An archive as torch.save makes it, with a pickle in text form; float32 only. */
export function torchBytes(tensors: ReadonlyMap<string, FileTensor>): Uint8Array {
  const files: Record<string, Uint8Array> = {};
  const items = [...tensors].map(([name, { shape, bytes }], key) => {
    files[`model/data/${key}`] = bytes;
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
    const storage = `(S'storage'\nctorch\nFloatStorage\nS'${key}'\nS'cpu'\nI${bytes.length / 4}\ntQ`;
    const place = `I0\n${tuple(shape)}${tuple(strides)}I00\nccollections\nOrderedDict\n(tR`;
    return `S'${name}'\nctorch._utils\n_rebuild_tensor_v2\n(${storage}${place}tRs`;
  });
  files["model/data.pkl"] = new TextEncoder().encode(`(d${items.join("")}.`);
  return zipSync(files, { level: 0 });
}

function tuple(values: readonly number[]): string {
  return `(${values.map((value) => `I${value}\n`).join("")}t`;
}

/** Writes files by name; values that are neither text nor bytes become JSON. */
export async function writeFiles(directory: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const isRaw = typeof content === "string" || content instanceof Uint8Array;
    await writeFile(join(directory, name), isRaw ? content : JSON.stringify(content));
  }
}
