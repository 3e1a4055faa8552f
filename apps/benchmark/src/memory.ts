import { readdir, stat } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";

import { InvalidArgumentError } from "commander";

/** What the engine, its compiled graphs and Node take of a process, whatever the model. */
const PROGRAM_BYTES = 2 ** 30;

/** The share of the machine's memory that a process takes without being told. */
const MACHINE_SHARE = 0.75;

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * Reads a size such as `4G`, `1.5G` or `800M`, in bytes; a unit is 1024 of the one before.
 *
 * @throws {InvalidArgumentError} If it is none.
 */
export function parseMemory(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const bytes = Number(number) * (UNITS[unit.toUpperCase()] as number);
  if (bytes > 0) return Math.floor(bytes);
  throw new InvalidArgumentError("It must be a size, such as 4G or 800M.");
}

/** What a process takes without being told, in bytes: three quarters of the machine's memory, or of its container's. */
export function machineMemory(): number {
  // 0 or more than the machine has: no limit.
  const container = process.constrainedMemory() || Infinity;
  return Math.floor(MACHINE_SHARE * Math.min(totalmem(), container));
}

/** What is left for a model and its training of what a process may take, in bytes. */
export function trainingMemory(memory: number): number {
  return Math.max(0, memory - PROGRAM_BYTES);
}

/** What is left for the tensors of a batch beside the model of a directory, in bytes. */
export async function extractionMemory(memory: number, modelDirectory: string): Promise<number> {
  return Math.max(0, memory - PROGRAM_BYTES - (await directoryBytes(modelDirectory)));
}

async function directoryBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true });
  const sizes = entries.map(async (entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? directoryBytes(path) : (await stat(path)).size;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
