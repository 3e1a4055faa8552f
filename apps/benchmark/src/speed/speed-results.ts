import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { writeJson } from "../write-file.ts";
import type { GrowthRow } from "./growth.ts";
import { SpeedError } from "./speed-error.ts";
import type { SpeedEntry } from "./speed-report.ts";

/** What the command `speed` has measured. */
export interface SpeedResults {
  /** Against counterparts. */
  readonly cases: readonly SpeedEntry[];
  /** Of `--growth`: one table after the other. */
  readonly growth: readonly GrowthRow[];
}

const caseShape: z.ZodType<SpeedEntry> = z.strictObject({
  case: z.string(),
  peer: z.enum(["torch", "onnx", "relatum"]),
  ratio: z.number(),
  memoryRatio: z.number(),
  oursSeconds: z.number(),
  peerSeconds: z.number(),
  count: z.number().optional(),
});

const growthShape: z.ZodType<GrowthRow> = z.strictObject({
  table: z.string(),
  size: z.number(),
  seconds: z.number(),
  peakBytes: z.number(),
});

const entryShape: z.ZodType<SpeedEntry | GrowthRow> = z.union([caseShape, growthShape]);

/**
 * Reads a file that `speed --json` wrote, with or without `--growth`.
 *
 * @throws {SpeedError} If the file holds something else.
 */
export async function readSpeed(path: string): Promise<SpeedResults> {
  const checked = z.array(entryShape).safeParse(parseJson(await readFile(path, "utf8")));
  if (!checked.success) {
    throw new SpeedError(`${path} must be what speed --json writes:\n${z.prettifyError(checked.error)}`);
  }
  return {
    cases: checked.data.filter((entry) => "case" in entry),
    growth: checked.data.filter((entry) => "table" in entry),
  };
}

/** JSON; nothing where the text is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads the `speed.json` that a report keeps; nothing where there is none. */
export async function readKeptSpeed(directory: string): Promise<SpeedResults> {
  const path = join(directory, "speed.json");
  return existsSync(path) ? readSpeed(path) : { cases: [], growth: [] };
}

/** Keeps what was measured for later reports. */
export async function keepSpeed(directory: string, { cases, growth }: SpeedResults): Promise<void> {
  await writeJson(join(directory, "speed.json"), [...cases, ...growth]);
}

/** Old results with new ones in their places, in the order in which they first came; a growth table is replaced whole. */
export function mergeSpeed(old: SpeedResults, added: readonly SpeedResults[]): SpeedResults {
  return added.reduce((before, { cases, growth }): SpeedResults => {
    const keyOf = (entry: SpeedEntry): string => JSON.stringify([entry.case, entry.peer]);
    const tables = new Set(growth.map(({ table }) => table));
    return {
      cases: [...new Map([...before.cases, ...cases].map((entry) => [keyOf(entry), entry])).values()],
      growth: [...before.growth.filter(({ table }) => !tables.has(table)), ...growth],
    };
  }, old);
}
