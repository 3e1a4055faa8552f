import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

import { missingTools } from "./build-tools.ts";
import { bindingFile, type Environment, libraryDirectory, type LibraryKind, TFJS_VERSION } from "./cache.ts";
import { checkBinding } from "./check-binding.ts";
import { compileBinding } from "./compile-binding.ts";
import { describeDiskError, DISK_ADVICE } from "./disk-error.ts";
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

/** What the folder that a process works in is called by, beside the one it makes: `.partial-NUMBER@MACHINE`. */
const PARTIAL = ".partial-";

/** Milliseconds after which a folder that another machine works in counts as left behind. */
const FOREIGN_PARTIAL = 86_400_000;

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

  const root = dirname(target);
  const onWait = (holder: string): void => log(`waits for process ${holder}, which installs the same`);
  const install = async (): Promise<void> => {
    if (existsSync(bindingFile(target))) return;
    await removeLeftovers(target);
    checkDisk(engine, library, root, await steps.freeMegabytes(root));
    const partial = `${target}${PARTIAL}${process.pid}@${hostname()}`;
    try {
      await build(partial, { wheels, sources, steps, context, log });
      await moveIntoPlace(partial, target);
    } finally {
      await rm(partial, { recursive: true, force: true, maxRetries: 5 });
    }
  };
  try {
    await withLock(`${target}.lock`, { onWait, signal }, install);
  } catch (error) {
    throw describeDiskError(error, engine, root);
  }
  return target;
}

/** Renames a complete folder; a complete one that is there already stays, for a process may have loaded it. */
async function moveIntoPlace(partial: string, target: string): Promise<void> {
  if (existsSync(bindingFile(target))) return;
  await rm(target, { recursive: true, force: true });
  try {
    await rename(partial, target);
  } catch (error) {
    if (!existsSync(bindingFile(target))) throw error;
  }
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
  // What the tools keep for a while lies here too: it counts as room that is needed, and goes if they are killed.
  const temporary = join(directory, "temporary");
  await mkdir(temporary, { recursive: true });
  const confined = { ...context, environment: { ...context.environment, TMPDIR: temporary } };
  const total = wheels.reduce((sum, { megabytes }) => sum + megabytes, 0);
  log(`downloads ${total} MB into ${dirname(directory)}`);

  for (const wheel of wheels) {
    // One wheel at a time on disk: CUDA's are large.
    const download = join(directory, "wheel");
    await mkdir(download);
    const name = `${wheel.name} ${wheel.version}`;
    const file = await timed(`download ${name}`, () => steps.download(wheel, download, confined));
    await timed(`verify ${name}`, () => steps.verify(wheel, file, confined));
    await timed(`extract ${name}`, () => steps.extract(file, directory, confined));
    await rm(download, { recursive: true });
  }
  await timed("compile tfjs-node's binding", () => steps.compile(directory, sources, confined));
  await rm(temporary, { recursive: true });
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
  throw new EngineError(engine, `${directory} must have ${needed} MB free, got ${free} MB. ${DISK_ADVICE}`);
}

/** Removes what killed installations of a folder left beside it; the caller holds the lock. */
async function removeLeftovers(target: string): Promise<void> {
  const start = `${basename(target)}${PARTIAL}`;
  for (const name of await readdir(dirname(target))) {
    const folder = join(dirname(target), name);
    if (!name.startsWith(start) || (await isInUse(folder, name.slice(start.length)))) continue;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Whether the process `NUMBER@MACHINE` may still be at work in its folder. */
async function isInUse(folder: string, owner: string): Promise<boolean> {
  const [processId, machine = hostname()] = owner.split("@");
  if (machine !== hostname()) return Date.now() - (await stat(folder)).mtimeMs < FOREIGN_PARTIAL;
  return Number(processId) !== process.pid && isRunning(Number(processId));
}
