import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { hashText } from "../write-file.ts";
import { type ProgramOptions, runProgram } from "./run-program.ts";
import type { Peer } from "./speed-case.ts";

/** The folder of the counterparts' scripts. */
export const PEERS: string = fileURLToPath(new URL("../../peers/", import.meta.url));

/** How {@link findPython} goes about it. */
export interface FindPythonOptions {
  /** An interpreter that has the packages. */
  readonly python?: string | undefined;
  /** ONNX files take more packages. */
  readonly peer: Peer;
  /** The folder for what is installed. */
  readonly cache: string;
  readonly signal: AbortSignal;
  readonly status: (text: string) => void;
}

/**
 * Finds a Python that has the counterparts' packages: the one that is named, or else a venv, which is made the first time.
 *
 * @throws {SpeedError} If there is no Python, venv or network, or the one that is named lacks a package.
 */
export async function findPython({ python, peer, cache, signal, status }: FindPythonOptions): Promise<string> {
  const files = ["requirements.txt", ...(peer === "onnx" ? ["requirements-onnx.txt"] : [])];
  if (python !== undefined) {
    const modules = ["torch", "transformers", "safetensors", ...(peer === "onnx" ? ["onnx", "onnxscript"] : [])];
    await runProgram(python, ["-c", `import ${modules.join(", ")}`], {
      goal: `import ${modules.join(", ")}`,
      advice: `Install ${files.map((name) => join(PEERS, name)).join(" and ")} there, or leave --python out.`,
      signal,
    });
    return python;
  }
  const [requirements = "", ...more] = await Promise.all(files.map((name) => readFile(join(PEERS, name), "utf8")));
  const venv = join(cache, `venv-${hashText(requirements).slice(0, 12)}`);
  const own = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
  for (const [index, text] of [requirements, ...more].entries()) {
    const marker = join(venv, `installed-${hashText(text).slice(0, 12)}`);
    if (existsSync(marker)) continue;
    status(`Installing ${files[index]} into ${venv}: PyTorch takes minutes and gigabytes`);
    if (index === 0) await makeVenv(venv, signal);
    const flags = ["--no-input", "--disable-pip-version-check", "--quiet"];
    await runProgram(own, ["-m", "pip", "install", ...flags, "-r", join(PEERS, files[index] as string)], {
      goal: `install ${files[index]}`,
      advice: "Check the network, or name a Python that has the packages with --python.",
      signal,
    });
    await writeFile(marker, "");
  }
  return own;
}

async function makeVenv(directory: string, signal: AbortSignal): Promise<void> {
  const program = process.platform === "win32" ? "python" : "python3";
  const options: ProgramOptions = {
    goal: "make a virtual environment",
    advice: "Install Python 3.10 or later with venv (on Debian and Ubuntu: python3-venv), or name one with --python.",
    signal,
  };
  await mkdir(directory, { recursive: true });
  await runProgram(program, ["-m", "venv", "--clear", directory], options);
}
