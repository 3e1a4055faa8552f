import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { bindingFile, libraryDirectory } from "./cache.ts";
import { isRunning } from "./lock.ts";

const CLI = fileURLToPath(new URL("cli.ts", import.meta.url));
const LOADER = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

let folder: string;
let cache: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "relatum-cli-"));
  cache = join(folder, "cache");
  await mkdir(join(folder, "bin"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function addTool(name: string, script: string): Promise<void> {
  const file = join(folder, "bin", name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the program with the tools of the test's folder alone; sends it a signal once the cache has a folder. */
function run(words: readonly string[], signal?: NodeJS.Signals): Promise<Ending> {
  const env = { PATH: join(folder, "bin"), RELATUM_CACHE: cache };
  const child = spawn(process.execPath, ["--import", LOADER, CLI, ...words], { env });
  const text = { output: "", errors: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.errors += chunk.toString()));
  if (signal !== undefined) {
    const poll = setInterval(() => {
      if (!existsSync(join(folder, "downloading"))) return;
      clearInterval(poll);
      child.kill(signal);
    }, 1);
  }
  return new Promise((resolve) => {
    child.on("close", (status, ended) => resolve({ status, signal: ended, ...text }));
  });
}

/** Tools with which a download starts and does not end. */
async function addEndlessTools(): Promise<void> {
  const marker = join(folder, "downloading");
  await addTool(
    "python3",
    `case "$*" in *download*) echo $$ > "${marker}.new"; /bin/mv "${marker}.new" "${marker}"; /bin/sleep 20;; esac`,
  );
  await addTool("c++", "exit 0");
}

describe.skipIf(process.platform === "win32")("relatum-native", () => {
  it("explains itself when the command is none of its own", async () => {
    const { status, errors } = await run(["instal"]);

    expect(status).toBe(1);
    expect(errors).toContain('command must be install, status or remove, got "instal".');
    expect(errors).toContain("Usage: relatum-native <command>");
  });

  it("ends with one line and status 1 where tools are missing", async () => {
    const { status, output, errors } = await run(["install"]);

    expect(status).toBe(1);
    expect(output).toBe("");
    expect(errors.trimEnd().split("\n")).toHaveLength(1);
    expect(errors).toContain("first install python3 (Debian, Ubuntu: python3 python3-pip;");
    expect(existsSync(cache)).toBe(false);
  });

  it("says what is missing, and fails, when asked for the status of nothing", async () => {
    const { status, output } = await run(["status"]);

    expect(status).toBe(1);
    expect(output).toContain("relatum-native: tfjs-node: @tensorflow/tfjs-node-gpu 4.22.0\n");
    expect(output).toContain("relatum-native: cpu: not installed\n");
  });

  it("ends with one line where the cache is no folder to write to", async () => {
    await addTool("python3", "exit 0");
    await addTool("c++", "exit 0");
    await writeFile(cache, "a file, no folder");

    const { status, errors } = await run(["install"]);

    expect(status).toBe(1);
    expect(errors.trimEnd().split("\n")).toHaveLength(1);
    expect(errors).toContain(`relatum-native: ${cache} must be a folder to write to`);
  });

  it("cleans up on Ctrl-C", async () => {
    await addEndlessTools();

    const { status, errors } = await run(["install"], "SIGINT");

    expect(status).toBe(130);
    expect(errors).toBe("relatum-native: interrupted; nothing was kept.\n");
    expect(await readdir(cache)).toEqual([]);
  });

  it("leaves nothing that counts as installed when it is killed, and removes it when asked", async () => {
    await addEndlessTools();

    const { signal } = await run(["install"], "SIGKILL");
    const left = await readdir(cache);
    const status = await run(["status"]);
    const removal = await run(["remove"]);

    expect(signal).toBe("SIGKILL");
    // The tool's process ends soon after the one that started it.
    await vi.waitFor(
      () => expect(isRunning(Number(readFileSync(join(folder, "downloading"), "utf8")))).toBe(false),
      10_000,
    );
    expect(left.some((name) => name.includes(".partial-"))).toBe(true);
    expect(status.output).toContain("cpu: not installed");
    expect(removal.status).toBe(0);
    expect(await readdir(cache)).toEqual([]);
  });

  it("removes what it installed and nothing else", async () => {
    const library = libraryDirectory("cpu", { RELATUM_CACHE: cache });
    await mkdir(library, { recursive: true });
    await writeFile(bindingFile(library), "binding");
    await mkdir(join(cache, "encoders"));

    const { status, output } = await run(["remove"]);

    expect(status).toBe(0);
    expect(output).toContain(`relatum-native: removed ${library}`);
    expect(await readdir(cache)).toEqual(["encoders"]);
  });
});
