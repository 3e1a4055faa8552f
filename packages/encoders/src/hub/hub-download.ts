import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

import type { HubSettings } from "./hub-settings.ts";

/** A file at the hub. */
export interface HubFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 of the content, or SHA-1 of the git object where `isGitObject`, in hexadecimal. */
  readonly hash: string;
  /** Whether `hash` is that of git, which has small files only. */
  readonly isGitObject: boolean;
}

/** How often a download that breaks off is taken up again within one call. */
const RETRIES = 3;

/** Seconds without a byte until a download counts as broken off. */
const STALL = 30;

/**
 * Downloads a file, from where an earlier attempt broke off.
 *
 * @param send Makes the requests; the token is its business.
 * @param path Where it goes; the content appears there once its size and hash are right.
 * @throws {Error} If the connection breaks for good, when what has arrived is kept; or if the content is wrong, when
 *   nothing is kept.
 */
export async function downloadHubFile(
  url: string,
  file: HubFile,
  path: string,
  send: typeof fetch,
  settings: Pick<HubSettings, "onProgress" | "signal">,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = await claimUnfinished(path);
  try {
    await receive(url, file, unfinished, send, settings);
    await rename(unfinished, path);
  } catch (error) {
    if (await stat(unfinished).catch(() => undefined)) await rename(unfinished, `${path}.incomplete`);
    throw error;
  }
}

async function receive(
  url: string,
  file: HubFile,
  unfinished: string,
  send: typeof fetch,
  { onProgress, signal }: Pick<HubSettings, "onProgress" | "signal">,
): Promise<void> {
  const handle = await open(unfinished, "a+");
  try {
    const state = { received: 0, hash: startHash(file) };
    for await (const chunk of createReadStream(unfinished)) {
      state.received += (chunk as Uint8Array).length;
      state.hash.update(chunk as Uint8Array);
    }
    for (let attempt = 0; state.received < file.size; attempt += 1) {
      const before = state.received;
      try {
        await receiveRest(url, file, handle, state, send, onProgress);
      } catch (error) {
        signal?.throwIfAborted();
        if (attempt >= RETRIES || !(error instanceof BrokenOffError) || state.received === before) throw error;
      }
    }
    const hash = state.hash.digest("hex");
    if (state.received > file.size || hash !== file.hash) {
      await rm(unfinished);
      const got = state.received > file.size ? `at least ${state.received} bytes` : `the hash ${hash}`;
      const rule = `${file.name} must have ${file.size} bytes and the hash ${file.hash}`;
      throw new Error(`${rule}, got ${got}. What arrived was removed; try again.`);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A connection that ended early. */
class BrokenOffError extends Error {}

interface ReceiveState {
  received: number;
  hash: Hash;
}

async function receiveRest(
  url: string,
  file: HubFile,
  handle: FileHandle,
  state: ReceiveState,
  send: typeof fetch,
  onProgress: HubSettings["onProgress"],
): Promise<void> {
  // Ranges count bytes of the content as it is, not of a packed form.
  const range: Record<string, string> = state.received > 0 ? { range: `bytes=${state.received}-` } : {};
  const response = await send(url, { headers: { "accept-encoding": "identity", ...range } });
  if (!response.ok) throw new Error(`answers ${response.status} for ${file.name}.`);
  if (state.received > 0 && !response.headers.get("content-range")?.startsWith(`bytes ${state.received}-`)) {
    await handle.truncate(0);
    Object.assign(state, { received: 0, hash: startHash(file) });
  }

  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await withinTime(reader, file);
    if (done) break;
    await handle.appendFile(value);
    state.hash.update(value);
    state.received += value.length;
    if (state.received > file.size) {
      await reader.cancel();
      return;
    }
    onProgress({ file: file.name, receivedBytes: state.received, totalBytes: file.size });
  }
  if (state.received < file.size) throw brokenOff(file, state.received);
}

async function withinTime(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  file: HubFile,
): ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BrokenOffError(`${file.name}: nothing arrived for ${STALL} s.`)), STALL * 1000);
  });
  try {
    return await Promise.race([reader.read(), stalled]);
  } catch (cause) {
    void reader.cancel().catch(() => {});
    throw cause instanceof BrokenOffError
      ? cause
      : new BrokenOffError(`${file.name}: the connection broke.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function brokenOff(file: HubFile, received: number): BrokenOffError {
  return new BrokenOffError(`${file.name}: the connection ended after ${received} of ${file.size} bytes.`);
}

function startHash({ isGitObject, size }: HubFile): Hash {
  return isGitObject ? createHash("sha1").update(`blob ${size}\0`) : createHash("sha256");
}

let claims = 0;

/**
 * Takes over what an earlier attempt left, or begins a new file.
 *
 * Each running download has a file of its own, named after machine and process, so that two never write to one.
 */
async function claimUnfinished(path: string): Promise<string> {
  const [directory, name] = [dirname(path), basename(path)];
  claims += 1;
  const mine = `${path}.${hostname()}.${process.pid}.${claims}.incomplete`;
  for (const found of await readdir(directory)) {
    if (!found.startsWith(`${name}.`) || !found.endsWith(".incomplete")) continue;
    const owner = found.slice(name.length + 1, -".incomplete".length);
    if (owner !== "" && !isAbandoned(owner)) continue;
    try {
      await rename(join(directory, found), mine); // one of several takers succeeds
      return mine;
    } catch {
      continue;
    }
  }
  return mine;
}

/** Whether the process in `machine.process.number` has ended; of another machine's nothing is known. */
function isAbandoned(owner: string): boolean {
  const [, machine, id] = /^(.+)\.(\d+)\.\d+$/.exec(owner) ?? [];
  return machine === hostname() && !isRunning(Number(id));
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
