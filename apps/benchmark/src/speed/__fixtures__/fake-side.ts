import { fileURLToPath } from "node:url";

import type { ProcessCommand } from "../speed-process.ts";

/** What a fake side answers. */
export interface FakeAnswers {
  readonly numbers?: readonly number[];
  /** Of each repetition; begins again at the end. */
  readonly seconds?: readonly number[];
  /** Of each repetition. */
  readonly values?: readonly number[];
  /** A file to which it adds a line a request. */
  readonly log?: string;
  /** The request at which it dies. */
  readonly end?: string;
  /** The request that it cannot answer. */
  readonly error?: string;
}

/** The command of a process that answers like one side of a comparison. */
export function fakeSide(name: string, { numbers = [], seconds = [1], ...answers }: FakeAnswers = {}): ProcessCommand {
  const script = fileURLToPath(new URL("fake-side.mjs", import.meta.url));
  const argument = JSON.stringify({ name, numbers, seconds, ...answers });
  return { name, program: process.execPath, parameters: [script, argument], environment: {} };
}
