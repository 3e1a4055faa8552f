import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import * as tf from "@tensorflow/tfjs";

import type { NamedTensors } from "../module.ts";
import { layOutSafetensors, parseSafetensors, readBytes } from "../safetensors.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { checkManifest, type FileSummary, FORMAT, type Manifest, type Part, PARTS } from "./checkpoint-manifest.ts";
import type { Progress } from "./progress.ts";

/** All that a run needs to go on. */
export interface Checkpoint {
  /** The model's values by parameter name. */
  readonly parameters: NamedTensors;
  /** The optimizer's running means. */
  readonly moments: NamedTensors;
  /** The best epoch's parameters; empty if there is none or it is the one just over. */
  readonly best: NamedTensors;
  readonly progress: Progress;
  /** What model, settings and data the run is of. */
  readonly fingerprint: Readonly<Record<string, string>>;
}

/** A checkpoint as it was found. */
export interface LoadedCheckpoint extends Checkpoint {
  /** The checkpoint's own directory. */
  readonly path: string;
  /** Newer checkpoints that are damaged, the newest first. */
  readonly skipped: readonly DamagedCheckpoint[];
}

/** A checkpoint that cannot be used. */
export interface DamagedCheckpoint {
  /** Of its directory. */
  readonly name: string;
  readonly error: CheckpointError;
}

/** A sound checkpoint that another version wrote: it is not passed over, for the work in it is not lost. */
class ForeignFormatError extends CheckpointError {}

const MANIFEST = "manifest.json";
const COMPLETE = /^checkpoint-(\d{6,})$/;
/** Bytes moved at a time: a single call is limited to 2 GiB. */
const PIECE_BYTES = 2 ** 26;

/**
 * Saves a checkpoint in a directory of its own beside the earlier ones, of which it keeps the newest.
 *
 * All is written and flushed under another name first and renamed last, so that whatever happens meanwhile, the earlier
 * ones stay as they are.
 *
 * @param directory Holds the run's checkpoints and nothing else; made when missing.
 * @param checkpoint The caller keeps its tensors.
 * @returns Path of the new checkpoint.
 * @throws {CheckpointError} If it cannot be written, for example because the disk is full.
 */
export async function saveCheckpoint(directory: string, checkpoint: Checkpoint): Promise<string> {
  const { progress, fingerprint } = checkpoint;
  try {
    await mkdir(directory, { recursive: true });
    const earlier = await listCheckpoints(directory);
    const number = Number(COMPLETE.exec(earlier.at(-1) ?? "")?.[1] ?? 0) + 1;
    const path = join(directory, `checkpoint-${String(number).padStart(6, "0")}`);
    const partial = `${path}.partial`;
    await removeAll(
      directory,
      (await readdir(directory)).filter((name) => name.endsWith(".partial")),
    );
    try {
      await mkdir(partial);
      const files: Partial<Record<Part, FileSummary>> = {};
      for (const part of PARTS)
        files[part] = await writeTensors(join(partial, `${part}.safetensors`), checkpoint[part]);
      const manifest: Manifest = { format: FORMAT, progress, fingerprint, files: files as Manifest["files"] };
      await writeManifest(join(partial, MANIFEST), manifest);
      await flushDirectory(partial);
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
    await flushDirectory(directory);
    await removeAll(directory, earlier.slice(0, -1));
    return path;
  } catch (cause) {
    const advice = "Earlier checkpoints are as they were; make room or choose another directory, then resume.";
    throw new CheckpointError(directory, `must take a new checkpoint, got ${String(cause)}. ${advice}`, cause);
  }
}

/**
 * Loads the newest sound checkpoint.
 *
 * @param directory What was given to {@link saveCheckpoint}.
 * @returns The checkpoint, whose tensors are the caller's; nothing if there never was one.
 * @throws {CheckpointError} If there are checkpoints and every one is damaged, or the newest sound one is in the format of
 *   another version.
 */
export async function loadCheckpoint(directory: string): Promise<LoadedCheckpoint | undefined> {
  const skipped: DamagedCheckpoint[] = [];
  const newestFirst = (await listCheckpoints(directory)).toReversed();
  for (const name of newestFirst) {
    try {
      return { ...(await readCheckpoint(join(directory, name))), skipped };
    } catch (error) {
      if (!(error instanceof CheckpointError) || error instanceof ForeignFormatError) throw error;
      skipped.push({ name, error });
    }
  }
  if (skipped.length === 0) return undefined;
  const reasons = skipped.map(({ error }) => error.message).join(" ");
  const advice = "Put back a copy of one, or remove the directory to start over.";
  throw new CheckpointError(
    directory,
    `must hold a sound checkpoint, got damaged ones: ${reasons} ${advice}`,
    skipped[0]?.error,
  );
}

/** Names the complete checkpoints in a directory, the newest last; none if there is no such directory. */
export async function listCheckpoints(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new CheckpointError(directory, `must be a readable directory, got ${error.message}.`, error);
  });
  const numberOf = (name: string): number => Number(COMPLETE.exec(name)?.[1]);
  return names.filter((name) => COMPLETE.test(name)).toSorted((left, right) => numberOf(left) - numberOf(right));
}

/** Renames damaged checkpoints, so that they no longer count as any. */
export async function setAside(directory: string, damaged: readonly DamagedCheckpoint[]): Promise<void> {
  for (const { name } of damaged) {
    const path = join(directory, name);
    await rm(`${path}.damaged`, { recursive: true, force: true });
    await rename(path, `${path}.damaged`);
  }
}

async function writeTensors(path: string, tensors: NamedTensors): Promise<FileSummary> {
  const { header, ordered, byteLength } = layOutSafetensors(tensors);
  const hash = createHash("sha256");
  const file = await open(path, "w");
  try {
    await writePieces(file, header, hash);
    for (const [, tensor] of ordered) await writePieces(file, await readBytes(tensor), hash);
    await file.sync();
  } finally {
    await file.close();
  }
  return { byteLength, sha256: hash.digest("hex") };
}

async function writePieces(file: FileHandle, bytes: Uint8Array, hash: ReturnType<typeof createHash>): Promise<void> {
  for (let start = 0; start < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, start, Math.min(PIECE_BYTES, bytes.byteLength - start));
    hash.update(bytes.subarray(start, start + bytesWritten));
    start += bytesWritten;
  }
}

/** Writes the manifest with a checksum of itself on the first line. */
async function writeManifest(path: string, manifest: Manifest): Promise<void> {
  const json = JSON.stringify(manifest, undefined, 2);
  const file = await open(path, "w");
  try {
    await file.writeFile(JSON.stringify({ sha256: hashOf(json), manifest: json }));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readCheckpoint(path: string): Promise<Omit<LoadedCheckpoint, "skipped">> {
  const { files, progress, fingerprint } = await readManifest(join(path, MANIFEST));
  const loaded = new Map<Part, NamedTensors>();
  try {
    for (const part of PARTS) loaded.set(part, await readTensors(join(path, `${part}.safetensors`), files[part]));
  } catch (error) {
    for (const tensors of loaded.values()) tf.dispose([...tensors.values()]);
    throw error;
  }
  const [parameters, moments, best] = PARTS.map((part) => loaded.get(part)) as [
    NamedTensors,
    NamedTensors,
    NamedTensors,
  ];
  return { path, parameters, moments, best, progress, fingerprint };
}

async function readManifest(path: string): Promise<Manifest> {
  try {
    const { sha256, manifest } = JSON.parse(await readFile(path, "utf8")) as { sha256: unknown; manifest: unknown };
    if (typeof manifest !== "string" || hashOf(manifest) !== sha256) {
      throw new RangeError("one whose checksum does not agree");
    }
    const parsed = JSON.parse(manifest) as { readonly format?: unknown } | null;
    const format = parsed?.format;
    if (typeof format !== "string" || format === FORMAT) return checkManifest(parsed);
    const advice = "Resume with the version that wrote it, or choose another directory.";
    throw new ForeignFormatError(path, `must have the format "${FORMAT}", got "${format.slice(0, 60)}". ${advice}`);
  } catch (cause) {
    if (cause instanceof ForeignFormatError) throw cause;
    throw new CheckpointError(path, `must be a checkpoint's manifest, got ${String(cause)}.`, cause);
  }
}

async function readTensors(path: string, expected: FileSummary): Promise<NamedTensors> {
  try {
    const bytes = await readPieces(path, expected.byteLength);
    const hash = createHash("sha256");
    for (let start = 0; start < bytes.byteLength; start += PIECE_BYTES)
      hash.update(bytes.subarray(start, start + PIECE_BYTES));
    if (hash.digest("hex") !== expected.sha256) throw new RangeError("a checksum that does not agree");
    return parseSafetensors(bytes);
  } catch (cause) {
    throw new CheckpointError(path, `must hold the tensors that its manifest tells of, got ${String(cause)}.`, cause);
  }
}

async function readPieces(path: string, byteLength: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size !== byteLength) throw new RangeError(`${size} bytes instead of ${byteLength}`);
    const bytes = new Uint8Array(byteLength);
    for (let start = 0; start < byteLength;) {
      const { bytesRead } = await file.read(bytes, start, Math.min(PIECE_BYTES, byteLength - start));
      if (bytesRead === 0) throw new RangeError(`${start} bytes instead of ${byteLength}`);
      start += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** Makes a rename or a new file in a directory survive a power failure. */
async function flushDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    // Windows opens no directories, and some file systems do not flush them.
    if (!["EPERM", "EISDIR", "EACCES", "EINVAL", "ENOTSUP"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw error;
  }
}

async function removeAll(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(directory, name), { recursive: true, force: true });
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
