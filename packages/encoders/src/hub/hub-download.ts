import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { readWithin } from "./hub-fetch.ts";
import type { HubSettings } from "./hub-settings.ts";
import { hasEnded, ownName } from "./process-owner.ts";

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

/** What a download needs of the settings. */
type DownloadSettings = Pick<HubSettings, "onProgress" | "signal" | "stallTimeout">;

/** How often a download that breaks off is taken up again within one call. */
const RETRIES = 3;

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
  settings: DownloadSettings,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = await claimUnfinished(path);
  try {
    await receive(url, file, unfinished, send, settings);
    await rename(unfinished, path);
  } catch (error) {
    await rename(unfinished, `${path}.incomplete`).catch(() => {}); // wrong content is gone by now
    throw error;
  } finally {
    atWork.delete(unfinished);
  }
}

/** A file that is being received, and what is known of its content. */
interface Reception {
  readonly handle: FileHandle;
  readonly file: HubFile;
  received: number;
  hash: Hash;
  /** Whether the content comes from more than one answer. */
  isPieced: boolean;
}

async function receive(
  url: string,
  file: HubFile,
  unfinished: string,
  send: typeof fetch,
  settings: DownloadSettings,
): Promise<void> {
  const handle = await open(unfinished, "a+");
  try {
    const reception: Reception = { handle, file, received: 0, hash: startHash(file), isPieced: false };
    for await (const chunk of createReadStream(unfinished)) {
      reception.received += (chunk as Uint8Array).length;
      reception.hash.update(chunk as Uint8Array);
      reception.isPieced = true;
    }
    let problem = await receiveAll(url, reception, send, settings);
    if (problem !== undefined && reception.isPieced) {
      // One of the pieces was wrong, perhaps one of an earlier call.
      await beginAnew(reception);
      problem = await receiveAll(url, reception, send, settings);
    }
    if (problem !== undefined) {
      await rm(unfinished);
      throw new Error(`sent a wrong file: ${problem} What arrived was removed; try again.`);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Receives what is missing; says what is wrong with the whole then. */
async function receiveAll(
  url: string,
  reception: Reception,
  send: typeof fetch,
  settings: DownloadSettings,
): Promise<string | undefined> {
  const { file } = reception;
  for (let attempt = 0; reception.received < file.size; attempt += 1) {
    const before = reception.received;
    try {
      await receiveRest(url, reception, send, settings);
    } catch (error) {
      settings.signal?.throwIfAborted();
      const goesOn = error instanceof BrokenOffError && reception.received !== before && attempt < RETRIES;
      if (!goesOn) throw error;
    }
  }
  const rule = `${file.name} must have ${file.size} bytes and the hash ${file.hash}`;
  if (reception.received > file.size) return `${rule}, got at least ${reception.received} bytes.`;
  const hash = reception.hash.digest("hex");
  return hash === file.hash ? undefined : `${rule}, got the hash ${hash}.`;
}

/** A connection that ended early. */
class BrokenOffError extends Error {}

async function receiveRest(
  url: string,
  reception: Reception,
  send: typeof fetch,
  settings: DownloadSettings,
): Promise<void> {
  const { file, handle, received: before } = reception;
  // Ranges count bytes of the content as it is, not of a packed form.
  const range: Record<string, string> = before > 0 ? { range: `bytes=${before}-` } : {};
  const response = await send(url, { headers: { "accept-encoding": "identity", ...range } });
  if (before > 0 && response.status === 416) {
    await response.body?.cancel();
    await beginAnew(reception);
    return receiveRest(url, reception, send, settings);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`answers ${response.status} for ${file.name}.`);
  }
  reception.isPieced = before > 0 && response.headers.get("content-range")?.startsWith(`bytes ${before}-`) === true;
  if (before > 0 && !reception.isPieced) await beginAnew(reception);

  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await readPiece(reader, file, settings.stallTimeout);
    if (done) break;
    await handle.appendFile(value);
    reception.hash.update(value);
    reception.received += value.length;
    if (reception.received > file.size) {
      await reader.cancel();
      return;
    }
    settings.onProgress({ file: file.name, receivedBytes: reception.received, totalBytes: file.size });
  }
  if (reception.received < file.size) {
    const ended = `the connection ended after ${reception.received} of ${file.size} bytes.`;
    throw new BrokenOffError(`broke off. ${file.name}: ${ended}`);
  }
}

async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  file: HubFile,
  seconds: number,
): ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]> {
  try {
    return await readWithin(reader, seconds);
  } catch (cause) {
    const isCut = cause instanceof TypeError;
    const what = isCut ? "the connection broke." : (cause as Error).message;
    throw new BrokenOffError(`broke off. ${file.name}: ${what}`, { cause });
  }
}

async function beginAnew(reception: Reception): Promise<void> {
  await reception.handle.truncate(0);
  Object.assign(reception, { received: 0, hash: startHash(reception.file), isPieced: false });
}

function startHash({ isGitObject, size }: HubFile): Hash {
  return isGitObject ? createHash("sha1").update(`blob ${size}\0`) : createHash("sha256");
}

/** The unfinished files that this process writes; an older process of its number may have left others. */
const atWork = new Set<string>();

let claims = 0;

/**
 * Takes over what an earlier attempt left, or begins a new file.
 *
 * Each running download has a file of its own, named after machine and process, so that two never write to one.
 */
async function claimUnfinished(path: string): Promise<string> {
  const [directory, name] = [dirname(path), basename(path)];
  claims += 1;
  const mine = `${path}.${ownName()}.${claims}.incomplete`;
  atWork.add(mine);
  for (const found of await readdir(directory)) {
    if (!found.startsWith(`${name}.`) || !found.endsWith(".incomplete")) continue;
    const source = join(directory, found);
    if (atWork.has(source) || !isAbandoned(found.slice(name.length + 1, -".incomplete".length))) continue;
    try {
      await rename(source, mine); // one of several takers succeeds
      return mine;
    } catch {
      continue;
    }
  }
  return mine;
}

/** Whether nobody writes to the unfinished file of `machine.process.number`; one without an owner waits for a taker. */
function isAbandoned(owner: string): boolean {
  const process = owner.replace(/\.\d+$/, "");
  return owner === "" || process === ownName() || hasEnded(process);
}
