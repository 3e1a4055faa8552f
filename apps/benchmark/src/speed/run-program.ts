import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { SpeedError } from "./speed-error.ts";

const run = promisify(execFile);

/** How {@link runProgram} runs, and what it says when the program fails. */
export interface ProgramOptions {
  /** What the program is for, then what to do about a failure: `{ goal: "make a venv", advice: "Install …" }`. */
  readonly goal: string;
  readonly advice: string;
  readonly signal: AbortSignal;
}

const MOST_OUTPUT = 2 ** 26;

/**
 * Runs a program to its end.
 *
 * @throws {SpeedError} If it is not there or fails; the message gives the reason and the advice.
 */
export async function runProgram(
  program: string,
  parameters: readonly string[],
  { goal, advice, signal }: ProgramOptions,
): Promise<void> {
  try {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
    await run(program, parameters, { env, signal, maxBuffer: MOST_OUTPUT });
  } catch (cause) {
    signal.throwIfAborted();
    const { code, stderr, stdout } = cause as { code?: unknown; stderr?: string; stdout?: string };
    const lines = `${stdout ?? ""}\n${stderr ?? ""}`.trim().split("\n");
    const reason = code === "ENOENT" ? "it is not installed" : lines.at(-1) || `status ${String(code)}`;
    throw new SpeedError(`${program} must be able to ${goal}, but ${reason}. ${advice}`, { cause });
  }
}
