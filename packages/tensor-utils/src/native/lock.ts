import { readFileSync, statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
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

/** A lock whose holder cannot be asked, being on another machine, counts as left behind after an hour. */
const FOREIGN_LOCK_MILLISECONDS = 3_600_000;

/** A lock without content is being written, or its writer was killed in between. */
const EMPTY_LOCK_MILLISECONDS = 5_000;

/**
 * Runs an action while no other process runs one under the same lock file.
 *
 * A lock whose process no longer runs is taken over. The lock saves double work; it is not relied on for correctness.
 */
export async function withLock<T>(file: string, options: LockOptions, action: () => Promise<T>): Promise<T> {
  const mine = `${hostname()} ${process.pid} ${performance.now()}`;
  await acquire(file, mine, options);
  try {
    return await action();
  } finally {
    if (readLock(file) === mine) await rm(file, { force: true });
  }
}

async function acquire(file: string, mine: string, options: LockOptions): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  for (let waited = false; ;) {
    options.signal?.throwIfAborted();
    try {
      await writeFile(file, mine, { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (!isHeld(file)) {
      await rm(file, { force: true });
      continue;
    }
    if (!waited) options.onWait?.(readLock(file)?.split(" ")[1] ?? "unknown");
    waited = true;
    await setTimeout(POLL_MILLISECONDS);
  }
}

function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isHeld(file: string): boolean {
  const [host, processId] = (readLock(file) ?? "").split(" ");
  const now = performance.timeOrigin + performance.now();
  const age = now - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (processId === undefined) return age < EMPTY_LOCK_MILLISECONDS;
  return host === hostname() ? isRunning(Number(processId)) : age < FOREIGN_LOCK_MILLISECONDS;
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
