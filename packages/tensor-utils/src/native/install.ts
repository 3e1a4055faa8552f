import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { missingTools } from "./build-tools.ts";
import { bindingFile, type Environment, libraryDirectory, type LibraryKind, TFJS_VERSION } from "./cache.ts";
import { checkBinding } from "./check-binding.ts";
import { compileBinding } from "./compile-binding.ts";
import { downloadWheel, verifyWheel } from "./download-wheel.ts";
import type { EngineKind } from "./engine.ts";
import { EngineError } from "./engine-error.ts";
import { extractWheel } from "./extract-wheel.ts";
import { isRunning, withLock } from "./lock.ts";
import type { CommandContext } from "./run-command.ts";
import { ADD_TFJS_NODE, findTfjsNode } from "./tfjs-node.ts";
import { type Machine, thisMachine, type Wheel, wheelsFor } from "./wheels.ts";

/** The parts of an installation, each replaceable by a test. */
export interface InstallSteps {
  readonly missingTools: typeof missingTools;
  readonly freeMegabytes: typeof freeMegabytes;
  readonly download: typeof downloadWheel;
  readonly verify: typeof verifyWheel;
  readonly extract: typeof extractWheel;
  readonly compile: typeof compileBinding;
  readonly check: typeof checkBinding;
}

/** What to install, and how to report it. */
export interface InstallOptions {
  readonly library: LibraryKind;
  /** Receives one line of text at a time. */
  readonly log: (line: string) => void;
  readonly environment?: Environment;
  /** Stops the installation; nothing of it is kept. */
  readonly signal?: AbortSignal;
  readonly machine?: Machine;
  readonly steps?: Partial<InstallSteps>;
}

const STEPS: InstallSteps = {
  missingTools,
  freeMegabytes,
  download: downloadWheel,
  verify: verifyWheel,
  extract: extractWheel,
  compile: compileBinding,
  check: checkBinding,
};

/** Most room that an installation takes while it runs, in megabytes. */
const DISK_MEGABYTES: Readonly<Record<LibraryKind, number>> = { cpu: 1300, gpu: 7000 };

/** Name of the folder that a process works in, beside the one it makes. */
const PARTIAL = ".partial-";

/**
 * Installs TensorFlow's library and the binding compiled against it, unless they are there.
 *
 * @returns The folder in the cache; it appears complete or not at all.
 * @throws {EngineError} If the system, a tool, the network or the disk does not allow it; nothing is left behind.
 */
export async function installLibrary(options: InstallOptions): Promise<string> {
  const { library, log, environment = process.env, signal, machine = thisMachine() } = options;
  const steps = { ...STEPS, ...options.steps };
  const context: CommandContext = { environment, signal };
  const target = libraryDirectory(library, environment);
  if (existsSync(bindingFile(target))) return target;

  const engine: EngineKind = library === "gpu" ? "gpu" : "native";
  const wheels = wheelsFor(library, machine);
  const sources = bindingSources(engine);
  const missing = await steps.missingTools(context);
  if (missing.length > 0) {
    throw new EngineError(engine, `to install the engine "${engine}", first install ${missing.join(" and ")}.`);
  }

  const onWait = (holder: string): void => log(`waits for process ${holder}, which installs the same`);
  return withLock(`${target}.lock`, { onWait, signal }, async () => {
    if (existsSync(bindingFile(target))) return target;
    await removeLeftovers(target);
    checkDisk(engine, library, dirname(target), await steps.freeMegabytes(dirname(target)));
    const partial = `${target}${PARTIAL}${process.pid}`;
    try {
      await build(partial, { wheels, sources, steps, context, log });
      await rm(target, { recursive: true, force: true });
      await rename(partial, target);
    } finally {
      await rm(partial, { recursive: true, force: true, maxRetries: 5 });
    }
    return target;
  });
}

interface BuildOptions {
  readonly wheels: readonly Wheel[];
  readonly sources: string;
  readonly steps: InstallSteps;
  readonly context: CommandContext;
  readonly log: (line: string) => void;
}

async function build(directory: string, options: BuildOptions): Promise<void> {
  const { wheels, sources, steps, context, log } = options;
  const timed = async <T>(name: string, step: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await step();
    log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    return result;
  };
  await mkdir(directory, { recursive: true });
  const total = wheels.reduce((sum, { megabytes }) => sum + megabytes, 0);
  log(`downloads ${total} MB into ${dirname(directory)}`);

  for (const wheel of wheels) {
    // One wheel at a time on disk: CUDA's are large.
    const download = join(directory, "wheel");
    await mkdir(download);
    const name = `${wheel.name} ${wheel.version}`;
    const file = await timed(`download ${name}`, () => steps.download(wheel, download, context));
    await timed(`verify ${name}`, () => steps.verify(wheel, file, context));
    await timed(`extract ${name}`, () => steps.extract(file, directory, context));
    await rm(download, { recursive: true });
  }
  await timed("compile tfjs-node's binding", () => steps.compile(directory, sources, context));
  const { usesGpu } = await timed("check", () => steps.check(directory, context));
  log(`TensorFlow computes on the ${usesGpu ? "GPU" : "CPU"}`);
}

function bindingSources(engine: EngineKind): string {
  const tfjsNode = findTfjsNode();
  if (tfjsNode === undefined) {
    throw new EngineError(engine, `engine "${engine}" needs @tensorflow/tfjs-node-gpu. Run "${ADD_TFJS_NODE}" first.`);
  }
  if (tfjsNode.version !== TFJS_VERSION) {
    throw new EngineError(engine, `${tfjsNode.name} must have version ${TFJS_VERSION}, got ${tfjsNode.version}.`);
  }
  return tfjsNode.directory;
}

async function freeMegabytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return Math.floor((bavail * bsize) / 1e6);
}

function checkDisk(engine: EngineKind, library: LibraryKind, directory: string, free: number): void {
  const needed = DISK_MEGABYTES[library];
  if (free >= needed) return;
  const advice = "Free some, or set RELATUM_CACHE to a folder on another disk.";
  throw new EngineError(engine, `${directory} must have ${needed} MB free, got ${free} MB. ${advice}`);
}

/**
 * Removes what killed installations of a folder left beside it.
 *
 * @returns The folders removed.
 */
async function removeLeftovers(target: string): Promise<string[]> {
  if (!existsSync(dirname(target))) return [];
  const start = `${basename(target)}${PARTIAL}`;
  const names = (await readdir(dirname(target))).filter(
    (name) => name.startsWith(start) && !isRunning(Number(name.slice(start.length))),
  );
  const folders = names.map((name) => join(dirname(target), name));
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  return folders;
}
