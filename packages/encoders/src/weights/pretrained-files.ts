import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { ModelFileError } from "./model-file-error.ts";
import type { ByteSource } from "./stored-tensor.ts";
import type { ModelFiles } from "./weights.ts";

/** The text files that a tokenizer may have, all optional by themselves. */
export const TOKENIZER_FILE_NAMES: readonly string[] = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "vocab.txt",
  "vocab.json",
  "merges.txt",
];

/** The files of a model in a directory; close it after reading. */
export class ModelDirectory implements ModelFiles {
  readonly path: string;
  readonly #handles: FileHandle[] = [];

  constructor(path: string) {
    this.path = path;
  }

  async text(name: string): Promise<string | undefined> {
    const path = join(this.path, name);
    return readFile(path, "utf8").catch((error: unknown) => absentOrThrow(error, path));
  }

  async source(name: string): Promise<ByteSource | undefined> {
    const path = join(this.path, name);
    const handle = await open(path).catch((error: unknown) => absentOrThrow(error, path));
    if (handle === undefined) return undefined;
    this.#handles.push(handle);
    const { size } = await handle.stat();
    return { path, size, read: (start, end) => readRange(handle, path, start, end) };
  }

  /**
   * Writes a file beside its place, makes sure that it is on the disk, and moves it there.
   *
   * @param write Appends the content, piece by piece.
   */
  async replace(
    name: string,
    write: (append: (content: string | Uint8Array) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    await mkdir(this.path, { recursive: true });
    const path = join(this.path, name);
    const beside = `${path}.${process.pid}.incomplete`;
    try {
      const file = await open(beside, "w");
      try {
        await write((content) => file.writeFile(content));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }

  /** Takes a file away, if it is there. */
  async remove(name: string): Promise<void> {
    await rm(join(this.path, name), { force: true });
  }

  /** Closes the files that were opened. */
  async close(): Promise<void> {
    await Promise.all(this.#handles.splice(0).map((handle) => handle.close()));
  }
}

/** Says of a file that is there that it cannot be read: it is a directory, or longer than a text can be. */
function absentOrThrow(error: unknown, path: string): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw new ModelFileError(path, `must be a readable file, but is not: ${(error as Error).message}.`, { cause: error });
}

async function readRange(handle: FileHandle, path: string, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) throw new ModelFileError(path, `must reach byte ${end}, but ends at ${start + filled}.`);
    filled += bytesRead;
  }
  return bytes;
}
