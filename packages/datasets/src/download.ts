import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** A file to download, and how to tell that it is the right one. */
export interface Download {
  readonly url: string;
  /** Where it goes; it appears there once it is complete and checked. */
  readonly target: string;
  /** In bytes, each size that will do; none if nothing is known. */
  readonly sizes: readonly number[];
  /** What is wrong with the contents of a complete file; `undefined` if nothing is. */
  readonly problemOf: (path: string) => Promise<string | undefined>;
}

/** How {@link downloadFile} goes about it. */
export interface DownloadOptions {
  /** Takes the place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  readonly onBytes?: (receivedBytes: number, totalBytes: number | undefined) => void;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for an answer and for the next bytes, in seconds. */
  readonly stallTimeout?: number | undefined;
}

/** How often a download that breaks off goes on, and a host that is overloaded is asked again, within one call. */
const RETRIES = 3;

/** Longest wait that an overloaded host may ask for, in seconds. */
const LONGEST_WAIT = 20;

const STALL_TIMEOUT = 30;

/**
 * Downloads a file, from where an earlier attempt stopped.
 *
 * @returns What is wrong with the file, which was thrown away then; `undefined` if it is in its place.
 * @throws {Error} If it cannot be had or written; what has arrived is kept for the next attempt.
 */
export async function downloadFile(download: Download, options: DownloadOptions): Promise<string | undefined> {
  const { target, problemOf } = download;
  let partial: string | undefined;
  try {
    await mkdir(dirname(target), { recursive: true });
    partial = await claimPartial(target);
    let isPieced = await receiveAll(download, partial, options);
    let problem = await problemOf(partial);
    if (problem !== undefined && isPieced) {
      // One of the pieces was wrong, perhaps one of an earlier call.
      await rm(partial);
      isPieced = await receiveAll(download, partial, options);
      problem = await problemOf(partial);
    }
    if (problem === undefined) await rename(partial, target);
    else await rm(partial);
    return problem;
  } catch (error) {
    if (partial !== undefined) await rename(partial, `${target}.partial`).catch(() => {});
    throw describeDiskError(error, target);
  } finally {
    if (partial !== undefined) atWork.delete(partial);
  }
}

/** Receives what a partial file still lacks; says whether its content comes from more than one answer. */
async function receiveAll(download: Download, partial: string, options: DownloadOptions): Promise<boolean> {
  let isPieced = (await sizeOf(partial)) > 0;
  for (let attempt = 0; ; attempt += 1) {
    const had = await sizeOf(partial);
    if (download.sizes.includes(had)) return isPieced;
    try {
      const wait = await receiveRest(download, partial, had, options, attempt);
      if (wait === undefined) return isPieced;
      await pause(wait * 1000, undefined, { signal: options.signal });
    } catch (error) {
      options.signal?.throwIfAborted();
      const goesOn = error instanceof BrokenOffError && attempt < RETRIES && (await sizeOf(partial)) > had;
      if (!goesOn) throw error;
      isPieced = true;
    }
  }
}

/** A connection that ended early. */
class BrokenOffError extends Error {}

/** Asks for the rest of a file and writes it; gives back the seconds to wait if the host is overloaded. */
async function receiveRest(
  download: Download,
  partial: string,
  had: number,
  options: DownloadOptions,
  attempt: number,
): Promise<number | undefined> {
  const { url, target, sizes } = download;
  const { fetch = globalThis.fetch, signal } = options;
  const stall = new StallWatch(options.stallTimeout ?? STALL_TIMEOUT);
  try {
    const response = await fetch(url, {
      // Ranges and lengths count bytes of the file only where it is not compressed on the way.
      headers: { "Accept-Encoding": "identity", ...(had > 0 && { Range: `bytes=${had}-` }) },
      signal: signal === undefined ? stall.signal : AbortSignal.any([stall.signal, signal]),
    }).catch((error: unknown) => {
      const advice = `Check the network, or fetch ${basename(target)} elsewhere and name its folder with --data.`;
      throw new Error(`${url} cannot be reached: ${reasonOf(error)}. ${advice}`, { cause: error });
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      if (response.status === 416 && had > 0) {
        // What lies there does not belong to the file: begin anew.
        await rm(partial, { force: true });
        return 0;
      }
      return waitFor(response, url, attempt);
    }

    const isRest = response.status === 206 && had > 0;
    const received = isRest ? had : 0;
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = Number.isFinite(length) ? received + length : sizes[0];
    // Each piece is on the disk before the next is asked for, so that a cut connection loses nothing of what has come.
    const file = await open(partial, isRest ? "a" : "w");
    try {
      await writePieces(response.body, { file, url, received, total, stall, options });
      await file.sync();
    } finally {
      await file.close();
    }
    return undefined;
  } finally {
    stall.end();
  }
}

interface Arrival {
  readonly file: FileHandle;
  readonly url: string;
  received: number;
  readonly total: number | undefined;
  readonly stall: StallWatch;
  readonly options: DownloadOptions;
}

async function writePieces(body: NonNullable<Response["body"]>, arrival: Arrival): Promise<void> {
  const { file, url, total, stall, options } = arrival;
  const brokenOff = (cause: unknown): BrokenOffError => {
    const of = total?.toLocaleString("en") ?? "an unknown number of";
    const place = `${url} stopped after ${arrival.received.toLocaleString("en")} of ${of} bytes: ${reasonOf(cause)}.`;
    return new BrokenOffError(`${place} Try again: the next attempt goes on from there.`, { cause });
  };
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw brokenOff(error);
    });
    if (done) break;
    stall.restart();
    await file.writeFile(value).catch(async (error: unknown) => {
      await reader.cancel().catch(() => {});
      throw error;
    });
    arrival.received += value.length;
    options.onBytes?.(arrival.received, total);
  }
  if (total !== undefined && arrival.received < total) throw brokenOff(new Error("the connection ended"));
}

/** Seconds to wait before an overloaded or broken host is asked again. */
function waitFor({ status, statusText, headers }: Response, url: string, attempt: number): number {
  const asked = Number(headers.get("retry-after") ?? Number.NaN);
  const isPassing = [429, 500, 502, 503, 504].includes(status) && !(asked > LONGEST_WAIT);
  if (isPassing && attempt < RETRIES - 1) return asked >= 0 ? asked : 0.25 * 4 ** attempt;
  const advice = asked > 0 ? `Try again in ${asked} s.` : "Try again later, or look whether the file has moved.";
  throw new Error(`${url} must answer with the file, got ${`${status} ${statusText}`.trim()}. ${advice}`);
}

/** Ends a request after so many seconds without a sign. */
class StallWatch {
  readonly #controller: AbortController = new AbortController();
  readonly #seconds: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(seconds: number) {
    this.#seconds = seconds;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    this.end();
    const error = new Error(`nothing arrived for ${this.#seconds} s`);
    this.#timer = setTimeout(() => this.#controller.abort(error), this.#seconds * 1000);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** The partial files that this process writes; an older process of its number may have left others. */
const atWork = new Set<string>();

let claims = 0;

/**
 * Takes over what an earlier attempt left, or names a new file.
 *
 * Each running download has a file of its own, named after machine and process, so that two never write to one.
 */
async function claimPartial(target: string): Promise<string> {
  const [directory, name] = [dirname(target), basename(target)];
  claims += 1;
  const mine = `${target}.${hostname()}.${process.pid}.${claims}.partial`;
  atWork.add(mine);
  for (const found of await readdir(directory)) {
    if (!found.startsWith(`${name}.`) || !found.endsWith(".partial") || atWork.has(join(directory, found))) continue;
    if (!isAbandoned(found.slice(name.length + 1, -".partial".length))) continue;
    try {
      await rename(join(directory, found), mine); // one of several takers succeeds
      return mine;
    } catch {
      continue;
    }
  }
  return mine;
}

/** Whether nobody writes to the partial file of `machine.process.number`; one without an owner waits for a taker. */
function isAbandoned(owner: string): boolean {
  if (owner === "") return true;
  const [, machine, id] = /^(.+)\.(\d+)\.\d+$/.exec(owner) ?? [];
  return machine === hostname() && (Number(id) === process.pid || !isRunning(Number(id)));
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** The error to show for one of the disk; any other is given back as it is. */
function describeDiskError(error: unknown, target: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const advice = "Free some room, or choose another folder (RELATUM_CACHE, --data).";
  return new Error(`${dirname(target)} must be a folder to write to, got ${message}. ${advice}`, { cause: error });
}

function reasonOf(error: unknown): string {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return reason instanceof Error ? reason.message : String(reason);
}
