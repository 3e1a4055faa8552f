#!/usr/bin/env node
import { existsSync } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { constants, hostname } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { missingTools } from "./build-tools.ts";
import { bindingFile, cacheRoot, isInstalled, libraryDirectory, type LibraryKind } from "./cache.ts";
import { checkBinding } from "./check-binding.ts";
import { describeDiskError } from "./disk-error.ts";
import { EngineError } from "./engine-error.ts";
import { installLibrary } from "./install.ts";
import { findTfjsNode } from "./tfjs-node.ts";

const USAGE = `Usage: relatum-native <command>

  install          TensorFlow's library for the CPU (about 250 MB to download, 0.8 GB on disk)
  install --gpu    TensorFlow's library with CUDA (about 3.4 GB to download, 5.7 GB on disk; Linux x64)
  status           what is installed, and whether it computes
  remove           everything that install has put into the cache

Environment: RELATUM_CACHE (default: ~/.cache/relatum), PYTHON, CXX, and pip's own variables.
`;

/** Folders of the cache that this program makes: complete, being made, and their locks. */
const OURS = /^tfjs-.+-napi8-/;

const print = (line: string): void => {
  process.stdout.write(`relatum-native: ${line}\n`);
};

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal];
    interrupt.abort(new EngineError("native", "interrupted; nothing was kept."));
  });
}

try {
  await run(process.argv.slice(2));
} catch (caught) {
  const error = describeDiskError(caught, "native", cacheRoot());
  if (!(error instanceof EngineError || error instanceof RangeError)) throw error;
  process.stderr.write(`relatum-native: ${error.message}\n`);
  process.exitCode ||= 1;
}

async function run(words: string[]): Promise<void> {
  const { values, positionals } = parse(words);
  const command = positionals.join(" ");
  if (values.help || command === "help") process.stdout.write(USAGE);
  else if (command === "install") await install(values.gpu ? "gpu" : "cpu");
  else if (command === "status") await status();
  else if (command === "remove") await remove();
  else throw new RangeError(`command must be install, status or remove, got "${command}".\n\n${USAGE}`);
}

function parse(words: string[]): { values: { gpu?: boolean; help?: boolean }; positionals: string[] } {
  const options = { gpu: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
  try {
    return parseArgs({ args: words, options, allowPositionals: true });
  } catch (error) {
    throw new RangeError(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}

async function install(library: LibraryKind): Promise<void> {
  const wasInstalled = isInstalled(library);
  const directory = await installLibrary({ library, log: print, signal: interrupt.signal });
  print(`${wasInstalled ? "is installed" : "installed"} in ${directory}`);
}

async function status(): Promise<void> {
  const context = { environment: process.env, signal: interrupt.signal };
  const tfjsNode = findTfjsNode();
  print(tfjsNode === undefined ? "tfjs-node: not found" : `tfjs-node: ${tfjsNode.name} ${tfjsNode.version}`);
  const missing = await missingTools(context);
  print(missing.length === 0 ? "tools: complete" : `tools: missing ${missing.join(" and ")}`);
  print(`cache: ${cacheRoot()}`);

  let works = false;
  for (const library of ["cpu", "gpu"] as const) {
    const directory = libraryDirectory(library);
    if (!isInstalled(library)) {
      print(`${library}: not installed`);
      continue;
    }
    try {
      const { usesGpu } = await checkBinding(directory, context);
      print(`${library}: computes on the ${usesGpu ? "GPU" : "CPU"}, ${await megabytes(directory)} MB`);
      works = true;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      print(`${library}: ${error.message}`);
    }
  }
  if (!works) process.exitCode ||= 1;
}

async function remove(): Promise<void> {
  const root = cacheRoot();
  const names = existsSync(root) ? (await readdir(root)).filter((name) => OURS.test(name)) : [];
  for (const name of names) {
    const path = join(root, name);
    const size = await megabytes(path);
    // Under another name first: what a kill half-way leaves of it must not look like something installed.
    const removed = existsSync(bindingFile(path)) ? `${path}.partial-${process.pid}@${hostname()}` : path;
    if (removed !== path) await rename(path, removed);
    await rm(removed, { recursive: true, force: true });
    print(`removed ${path}, ${size} MB`);
  }
  if (names.length === 0) print(`nothing to remove in ${root}`);
}

async function megabytes(path: string): Promise<number> {
  const entry = await stat(path);
  if (!entry.isDirectory()) return Math.round(entry.size / 1e6);
  let total = 0;
  for (const file of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) total += (await stat(join(file.parentPath, file.name))).size;
  }
  return Math.round(total / 1e6);
}
