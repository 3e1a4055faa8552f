import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Writable } from "node:stream";

import type { Environment } from "./cache.ts";

/** How a child process runs. */
export interface CommandContext {
  readonly environment: Environment;
  /** Ends the child process. */
  readonly signal?: AbortSignal | undefined;
}

/** How a child process ended. */
export interface CommandResult {
  /** Its exit status, or why it has none: the signal that ended it, or the error that kept it from starting. */
  readonly status: number | string;
  /** What it wrote to both streams, the last 64 kB. */
  readonly output: string;
}

const KEPT_CHARACTERS = 65_536;

/**
 * Runs a command with a watch beside it, which ends their process group when this process is killed, for it can end nothing
 * itself then: the pipe 3 closes without a line, however this process ends.
 *
 * A download that nobody waits for would otherwise go on, into a folder that a later installation has removed.
 */
const WATCHED = '{ read -r line <&3 || kill -s TERM -- "-$$"; } > /dev/null 2>&1 & exec "$@" 3<&-';

/**
 * Runs a command to its end.
 *
 * @param command The program and the words before the arguments, split at blanks: `"ccache c++"`;
 *   a path that is there is not split.
 * @throws The signal's reason, if it was aborted.
 */
export async function runCommand(
  command: string,
  parameters: readonly string[],
  context: CommandContext,
): Promise<CommandResult> {
  const { environment, signal } = context;
  signal?.throwIfAborted();
  const [program = "", ...words] = existsSync(command) ? [command] : command.split(/\s+/);
  const result = await new Promise<CommandResult>((resolve) => {
    let output = "";
    // A process group of its own, so that a compiler's or pip's own children end with it.
    const child = spawn("/bin/sh", ["-c", WATCHED, "sh", program, ...words, ...parameters], {
      env: environment,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      detached: true,
    });
    const watch = child.stdio[3] as Writable;
    watch.on("error", () => {}); // it ends with the group where that was told to stop
    const stop = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
      } catch (error) {
        // It may have ended by itself just now.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    };
    signal?.addEventListener("abort", stop, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-KEPT_CHARACTERS);
      });
    }
    child.on("error", (error) => resolve({ status: (error as NodeJS.ErrnoException).code ?? error.message, output }));
    child.on("exit", () => watch.end("ended\n"));
    child.on("close", (status, reason) => {
      signal?.removeEventListener("abort", stop);
      resolve({ status: status ?? reason ?? "unknown", output });
    });
  });
  signal?.throwIfAborted();
  return result;
}
