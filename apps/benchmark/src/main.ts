import type { EngineInUse } from "@relatum/tensor-utils/native";
import { CommanderError } from "commander";

import type { CommandContext } from "./command-context.ts";
import { formatCommand, programName } from "./command-line.ts";
import { createProgram, type GlobalOptions } from "./program.ts";
import { INTERRUPTED_STATUS, InterruptedError, listenForStop } from "./stop.ts";
import { createTerminal, type Output } from "./terminal.ts";

/**
 * Runs the command line.
 *
 * @param parts Arguments without the program's name.
 * @returns The exit status: 0, 1 for an error, 130 after Ctrl-C.
 */
export async function main(parts: readonly string[]): Promise<number> {
  const terminal = createTerminal(quietPipe(process.stdout), quietPipe(process.stderr));
  const stop = listenForStop(() => terminal.notice("Stopping after this step; Ctrl-C again stops at once."));
  const command = formatCommand(programName(process.env), parts);
  let debug = false;
  const program = createProgram((options) => {
    debug = options.debug;
    return createContext(options, { terminal, signal: stop.signal, command });
  });
  program.exitOverride();
  for (const child of program.commands) child.exitOverride();
  try {
    await program.parseAsync(parts, { from: "user" });
    return 0;
  } catch (error) {
    terminal.clear();
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof InterruptedError) {
      terminal.notice(error.resumable ? `${error.message} To go on:\n  ${command}` : error.message);
      return INTERRUPTED_STATUS;
    }
    terminal.notice(describeError(error, debug));
    return 1;
  } finally {
    stop.release();
  }
}

function createContext(
  options: GlobalOptions,
  base: Pick<CommandContext, "terminal" | "signal" | "command">,
): CommandContext {
  const start = async (): Promise<EngineInUse> => {
    const { useEngine } = await import("@relatum/tensor-utils/native");
    const inUse = await useEngine(options.engine as Parameters<typeof useEngine>[0]);
    base.terminal.notice(inUse.notice);
    return inUse;
  };
  let engine: Promise<EngineInUse> | undefined;
  return {
    ...base,
    findAdapters: async (paper) => {
      const { defaultPlaces, findAdapters } = await import("./adapters.ts");
      return findAdapters(defaultPlaces(options.adapter), paper);
    },
    startEngine: () => (engine ??= start()),
  };
}

function describeError(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return `Error: ${String(error)}`;
  return debug ? `${error.stack}${causes(error.cause)}` : `Error: ${describeMissing(error) ?? error.message}`;
}

/** Says which file is not there in words; undefined for other errors. */
function describeMissing(error: NodeJS.ErrnoException): string | undefined {
  if (error.code !== "ENOENT" || error.path === undefined) return undefined;
  return `${error.path} must be a file or directory, but is not there.`;
}

function causes(cause: unknown): string {
  return cause instanceof Error ? `\nCaused by: ${cause.stack}${causes(cause.cause)}` : "";
}

/** An output whose reader may go away: what is written after that is lost, the work goes on. */
function quietPipe(stream: NodeJS.WriteStream): Output {
  let open = true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    open = false;
  });
  return {
    isTTY: stream.isTTY,
    get columns(): number {
      return stream.columns;
    },
    write: (text) => (open ? stream.write(text) : false),
  };
}
