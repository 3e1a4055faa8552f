import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { link, mkdir, rm, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";

/** What to do while another process holds the lock. */
export interface LockOptions {
  /** Called once, if there is another process to wait for. */
  readonly onWait?: (holder: string) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

const POLL_MILLISECONDS = 200;

/** How often a holder shows that it is at work. */
const BEAT_MILLISECONDS = 30_000;

/** A lock whose holder has shown no sign for so long is left behind, whatever runs under the holder's number now. */
const SILENT_MILLISECONDS = 300_000;

/** A lock without content is being written, or its writer was killed in between. */
const EMPTY_LOCK_MILLISECONDS = 5_000;

/** Contents of the locks that this process holds: after a restart, an older process may have had its number. */
const held = new Set<string>();

let count = 0;

/**
 * Runs an action while no other process runs one under the same lock file.
 *
 * A lock whose process no longer runs is taken over. The lock saves double work; it is not relied on for correctness.
 */
export async function withLock<T>(file: string, options: LockOptions, action: () => Promise<T>): Promise<T> {
  count += 1;
  const mine = `${hostname()} ${process.pid} ${performance.timeOrigin}-${count}`;
  held.add(mine);
  let beat: NodeJS.Timeout | undefined;
  try {
    await acquire(file, mine, options);
    beat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), BEAT_MILLISECONDS);
    return await action();
  } finally {
    clearInterval(beat);
    if (readLock(file) === mine) rmSync(file, { force: true });
    held.delete(mine);
  }
}

async function acquire(file: string, mine: string, options: LockOptions): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  for (let waited = false; ;) {
    options.signal?.throwIfAborted();
    if (create(file, mine)) return;
    const found = readLock(file);
    if (found === undefined) continue;
    if (!isHeld(file, found)) {
      await removeLock(file, found);
      continue;
    }
    if (!waited) options.onWait?.(found.split(" ")[1] ?? "unknown");
    waited = true;
    await setTimeout(POLL_MILLISECONDS);
  }
}

/** Writes the lock unless there is one; says whether it did. */
function create(file: string, mine: string): boolean {
  try {
    writeFileSync(file, mine, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    // On a full disk the file is there without its content.
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") rmSync(file, { force: true });
    throw error;
  }
}

function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

function isHeld(file: string, content: string): boolean {
  const [host, processId] = content.split(" ");
  const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (processId === undefined) return age < EMPTY_LOCK_MILLISECONDS;
  if (age > SILENT_MILLISECONDS) return false;
  if (host !== hostname()) return true;
  return Number(processId) === process.pid ? held.has(content) : isRunning(Number(processId));
}

/** Takes a lock away that was left behind, unless another process was faster and has put its own there. */
async function removeLock(file: string, content: string): Promise<void> {
  count += 1;
  const aside = `${file}.${process.pid}-${count}`;
  // In one go, so that hardly a moment is left for another process between the look and the renaming.
  if (readLock(file) !== content) return;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readLock(aside) !== content) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

/** Whether a process of this machine runs. */
export function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
