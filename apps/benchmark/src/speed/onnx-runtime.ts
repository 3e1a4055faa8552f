import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { runProgram } from "./run-program.ts";

const PACKAGE = "onnxruntime-node";

const VERSION = "1.30.0";

/**
 * Finds `onnxruntime-node`: the one that is installed for the working directory, or else one that npm installs.
 *
 * @param cache The folder for what is installed.
 * @returns The module's path.
 * @throws {SpeedError} If npm cannot install it.
 */
export async function findOnnxRuntime(cache: string, signal: AbortSignal): Promise<string> {
  const installed = resolveFrom(process.cwd());
  if (installed !== undefined) return installed;
  const directory = join(cache, `onnxruntime-${VERSION}`);
  const found = resolveFrom(directory);
  if (found !== undefined) return found;
  await mkdir(directory, { recursive: true });
  // Keeps npm from looking for a project in the folders above.
  if (!existsSync(join(directory, "package.json"))) await writeFile(join(directory, "package.json"), "{}\n");
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", directory];
  await runProgram("npm", ["install", ...flags, `${PACKAGE}@${VERSION}`], {
    goal: `install ${PACKAGE} ${VERSION}`,
    advice: `Check the network, or install ${PACKAGE} into your project.`,
    signal,
  });
  return resolveFrom(directory) as string;
}

function resolveFrom(directory: string): string | undefined {
  try {
    return createRequire(join(directory, "package.json")).resolve(PACKAGE);
  } catch {
    return undefined;
  }
}
