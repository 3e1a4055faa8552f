import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A file or directory that cannot be written, for example because the disk is full. */
export class FileWriteError extends Error {
  override readonly name = "FileWriteError";
  readonly path: string;

  constructor(path: string, cause: unknown) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    const advice = "Make room or choose another place, and give the command again: it goes on from what is there.";
    super(`${path} must be writable, got ${problem}. ${advice}`, { cause });
    this.path = path;
  }
}

/** Writes a file beside its place and moves it there, so that a reader sees all of it or nothing. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeInPieces(path, async (write) => write(text));
}

/** Writes JSON that people can read as {@link writeWhole} does. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeWhole(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Writes a file piece by piece beside its place and moves it there when `produce` is done; on an error nothing is left. */
export async function writeInPieces(
  path: string,
  produce: (write: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const beside = `${path}.${process.pid}.partial`;
  await naming(path, async () => {
    await makeDirectory(dirname(path));
    const file = await open(beside, "w");
    try {
      await produce(async (text) => {
        await file.appendFile(text);
      });
      await file.sync();
      await file.close();
      await rename(beside, path);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(beside, { force: true });
      throw error;
    }
  });
}

/** Writes a directory beside its place and moves it there, in place of one that is there already. */
export async function writeDirectory(path: string, fill: (beside: string) => Promise<void>): Promise<void> {
  // Inside another one, so that what `fill` writes beside the directory it is given goes with that.
  const around = `${path}.partial`;
  const beside = join(around, "whole");
  await naming(path, async () => {
    try {
      await rm(around, { recursive: true, force: true });
      await makeDirectory(beside);
      await fill(beside);
      await flushAll(beside);
      await rm(path, { recursive: true, force: true });
      await rename(beside, path);
    } finally {
      // The error that ended the writing is the one to tell.
      await rm(around, { recursive: true, force: true }).catch(() => undefined);
    }
  });
}

/** Removes what a killed process was writing beside its place, in a directory and those within. */
export async function removePartial(directory: string): Promise<void> {
  const names = await readdir(directory, { recursive: true });
  const partial = names.filter((name) => name.endsWith(".partial"));
  await naming(directory, async () => {
    for (const name of partial) await rm(join(directory, name), { recursive: true, force: true });
  });
}

/** Makes a directory and those around it. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    // Of a read-only disk Node says that the directory is missing, unless directories are made one at a time.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    if (!existsSync(dirname(path))) await makeDirectory(dirname(path));
    await mkdir(path);
  }
}

/** Tells which file it was that the system refused; other errors pass as they are. */
async function naming(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw isSystemError(error) ? new FileWriteError(path, error) : error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}

/** Makes the files of a directory survive a power failure that comes after its renaming. */
async function flushAll(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name), "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** The SHA-256 of a file, in hexadecimal digits. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}

/** The SHA-256 of a text, in hexadecimal digits. */
export function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
