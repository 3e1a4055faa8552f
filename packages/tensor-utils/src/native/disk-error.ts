import type { EngineKind } from "./engine.ts";
import { EngineError } from "./engine-error.ts";

/** What to do where an installation finds no room, or no folder that it may write to. */
export const DISK_ADVICE = "Free some room, or set RELATUM_CACHE to a folder of yours on another disk.";

/** Whether what a program wrote says that the disk, or the user's share of it, is full. */
export function saysDiskFull(output: string): boolean {
  return /No space left on device|Disk quota exceeded|\[Errno (?:28|122)\]/.test(output);
}

/**
 * The error to show for one that the operating system gave; any other error is given back as it is.
 *
 * @param directory The folder that was written to.
 */
export function describeDiskError(error: unknown, engine: EngineKind, directory: string): unknown {
  if (!(error instanceof Error) || error instanceof EngineError) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const message = `${directory} must be a folder to write to, got ${error.message}. ${DISK_ADVICE}`;
  return new EngineError(engine, message, { cause: error });
}
