/* oxlint-disable vitest/require-top-level-describe -- declares tests for the test files */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect, it } from "vitest";

import { Chance, mutateBytes, mutateJson } from "./hostile-inputs.ts";

/** Something that reads files which anyone may have made. */
export interface HostileReader {
  readonly name: string;
  /** Small sound files, from which hostile ones are made. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** Whether the seeds are JSON, or lines of it: their values are changed too, not only their bytes. */
  readonly form: "bytes" | "json" | "json-lines";
  /** Makes a hostile file that knows the format, in place of half of the others. */
  readonly build?: (chance: Chance) => Uint8Array;
  /** Bytes of the sound files that are read along with a hostile one. */
  readonly bytesBeside?: number;
  /** Texts that mean something in the format. */
  readonly words?: readonly string[];
  /** The only errors it may fail with. */
  readonly errors: readonly (abstract new (...values: never[]) => Error)[];
  /** What the message of such an error must name. */
  readonly place: RegExp;
  /** Reads all of a file, whose tensors, if any, it frees. */
  read(bytes: Uint8Array): unknown;
}

/** Makes one of a reader's inputs; the same for the same seed and number. */
export function hostileInput(reader: HostileReader, seed: number, number: number): Uint8Array {
  const chance = new Chance(`${reader.name} ${seed} ${number}`);
  if (reader.build !== undefined && chance.happens(0.5)) return reader.build(chance);
  const original = chance.pick(reader.seeds);
  const text = typeof original === "string" ? original : undefined;
  if (reader.form !== "bytes" && text !== undefined && chance.happens(0.7)) {
    if (reader.form === "json") return Buffer.from(mutateJson(text, chance));
    const lines = text.trimEnd().split("\n");
    const changed = chance.below(lines.length);
    return Buffer.from(lines.map((line, index) => (index === changed ? mutateJson(line, chance) : line)).join("\n"));
  }
  const bytes = typeof original === "string" ? Buffer.from(original) : original;
  return mutateBytes(bytes, chance, reader.words);
}

/** Seconds of work that one small input may take. */
export const MOST_SECONDS = 2;

/**
 * Gives a reader one input.
 *
 * @returns What went wrong; nothing after a result, or an error of ours that names the place.
 */
export async function tryInput(reader: HostileReader, input: Uint8Array): Promise<string | undefined> {
  const start = process.cpuUsage();
  try {
    await reader.read(input);
  } catch (error) {
    if (!reader.errors.some((known) => error instanceof known)) return `threw ${describe(error)}`;
    const { message } = error as Error;
    if (!reader.place.test(message)) return `threw an error without a place: ${message.slice(0, 200)}`;
    if (message.length > 2000 + 2 * input.length) return `threw an error of ${message.length} characters`;
  }
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  return seconds > MOST_SECONDS ? `took ${seconds.toFixed(1)} s` : undefined;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? error.message}`.slice(0, 600) : String(error);
}

/** Declares a test for each reader: its seeds are read, and mutations of them do no harm. */
export function testHostileReaders(readers: readonly HostileReader[], { inputs }: { readonly inputs: number }): void {
  it.each(readers)("reads what is sound and survives what is not: $name", async (reader) => {
    for (const sound of reader.seeds) await reader.read(typeof sound === "string" ? Buffer.from(sound) : sound);

    const harm: string[] = [];
    for (let number = 0; number < inputs && harm.length < 3; number += 1) {
      const input = hostileInput(reader, 1, number);
      const problem = await tryInput(reader, input);
      if (problem !== undefined) harm.push(`input ${number} of seed 1 (${quote(input)}) ${problem}`);
    }

    expect(harm).toEqual([]);
  });
}

/** The beginning of a file as an error message shows it. */
export function quote(input: Uint8Array): string {
  const text = Buffer.from(input).toString("latin1");
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}

let folder: string | undefined;

/** Puts bytes into a file of this process, which is gone when it ends, and has it read. */
export async function readAsFile<Content>(
  name: string,
  bytes: Uint8Array | string,
  load: (path: string) => Content,
): Promise<Awaited<Content>> {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "relatum-hostile-"));
    folder = made;
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  }
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return await load(path);
}
