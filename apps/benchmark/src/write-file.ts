import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

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
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.partial`;
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
}

/** Writes a directory beside its place and moves it there, in place of one that is there already. */
export async function writeDirectory(path: string, fill: (beside: string) => Promise<void>): Promise<void> {
  const beside = `${path}.partial`;
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true });
  await fill(beside);
  await rm(path, { recursive: true, force: true });
  await rename(beside, path);
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
