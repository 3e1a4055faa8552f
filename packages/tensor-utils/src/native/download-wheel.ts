import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { pythonCommand } from "./build-tools.ts";
import { EngineError } from "./engine-error.ts";
import { type CommandContext, runCommand } from "./run-command.ts";
import type { Wheel } from "./wheels.ts";

/**
 * Downloads a wheel with pip, whatever index it is set up for.
 *
 * @param directory An empty folder.
 * @returns The downloaded file; its content is not checked yet.
 * @throws {EngineError} If pip fails.
 */
export async function downloadWheel(wheel: Wheel, directory: string, context: CommandContext): Promise<string> {
  // The libraries do not depend on the version of Python; 3.11 is one that every wheel exists for.
  const choice = ["--only-binary=:all:", "--no-deps", "--python-version", "3.11", "--platform", wheel.platform];
  const manners = ["--disable-pip-version-check", "--no-cache-dir", "--no-input", "--retries", "2", "--quiet"];
  const requirement = `${wheel.name}==${wheel.version}`;
  const parameters = ["-m", "pip", "download", ...manners, ...choice, "--dest", directory, requirement];
  const { status, output } = await runCommand(pythonCommand(context.environment), parameters, context);

  const [file] = status === 0 ? (await readdir(directory)).filter((name) => name.endsWith(".whl")) : [];
  if (file === undefined) {
    throw new EngineError("native", `pip must download ${requirement}, but ended with: ${reasonOf(output, status)}`);
  }
  return join(directory, file);
}

/** What pip's output says went wrong, in one line. */
function reasonOf(output: string, status: number | string): string {
  if (/Failed to establish a new connection|NameResolutionError|ConnectTimeout|ProxyError/.test(output)) {
    return "the package index cannot be reached. Check the network, or pip's settings of index and proxy.";
  }
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const error = lines.find((line) => line.startsWith("ERROR:")) ?? lines.at(-1) ?? `status ${status}`;
  return error.replace(/^ERROR: /, "").trim();
}

/**
 * Checks a file's SHA-256.
 *
 * @throws {EngineError} If it differs from the wheel's.
 */
export async function verifyWheel(wheel: Wheel, file: string, context: CommandContext): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) {
    context.signal?.throwIfAborted();
    hash.update(chunk as Uint8Array);
  }
  const actual = hash.digest("hex");
  if (actual !== wheel.sha256) {
    const subject = `the downloaded ${wheel.name} ${wheel.version}`;
    const advice = "Nothing of it was kept; check the package index that pip uses.";
    throw new EngineError("native", `${subject} must have SHA-256 ${wheel.sha256}, got ${actual}. ${advice}`);
  }
}
