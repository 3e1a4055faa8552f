import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { type Module, type NamedTensors, parseSafetensors, withParameterBudget } from "@relatum/tensor-utils";
import { CheckpointError } from "@relatum/tensor-utils/train";

import { formatModelCard, type ModelCard } from "./model-card.ts";

/** What the saved models of a paper have in common. */
export interface SavedModelKind<Config> extends Pick<ModelCard, "title" | "package" | "load"> {
  /** Stands in `config.json`, so that no other paper's model is taken for one of these: `atlop`. */
  readonly paper: string;
  /** Stands there too; a change of the files' meaning raises it. */
  readonly version: number;
  /** Checks the config that `config.json` holds. */
  readonly parseConfig: (value: unknown) => Config;
}

/** Where a model on an encoder has the encoder's parameters. */
const ENCODER_PARAMETER = /^encoder\./;

/** The directories that a paper's models are saved in: `config.json`, a card `README.md`, and the paper's own files. */
export class SavedModels<Config extends { readonly relations: readonly string[] }> {
  readonly #kind: SavedModelKind<Config>;

  constructor(kind: SavedModelKind<Config>) {
    this.#kind = kind;
  }

  /**
   * Writes a directory beside its place, then moves it there.
   *
   * @param writeParts Writes the paper's own files into a folder.
   */
  async write(directory: string, config: Config, writeParts: (folder: string) => Promise<void>): Promise<void> {
    const { title, package: name, load } = this.#kind;
    const place = resolve(directory);
    await mkdir(dirname(place), { recursive: true });
    const beside = await mkdtemp(join(dirname(place), `.${basename(place)}-`));
    try {
      await writeParts(beside);
      await writeFile(join(beside, "config.json"), `${JSON.stringify({ ...this.#marks(), config }, null, 2)}\n`);
      const card = formatModelCard({ title, package: name, load, relations: config.relations, config });
      await writeFile(join(beside, "README.md"), card);
      await replaceDirectory(beside, place);
    } catch (error) {
      await rm(beside, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * Reads `config.json`.
   *
   * @throws {CheckpointError} If it is no config of this paper, or one of another version.
   */
  async readConfig(directory: string): Promise<Config> {
    const path = join(directory, "config.json");
    const text = await this.readText(path);
    let json: Partial<Record<string, unknown>>;
    try {
      json = (JSON.parse(text) ?? {}) as typeof json;
    } catch (cause) {
      throw new CheckpointError(path, `must hold JSON: ${messageOf(cause)}`, cause);
    }
    for (const [field, expected] of Object.entries(this.#marks())) {
      if (json[field] === expected) continue;
      const problem = `must hold "${field}": ${JSON.stringify(expected)}, got ${describeField(json[field])}.`;
      throw new CheckpointError(path, problem);
    }
    try {
      return this.#kind.parseConfig(json["config"]);
    } catch (cause) {
      throw new CheckpointError(path, `must hold a sound config: ${messageOf(cause)}`, cause);
    }
  }

  /**
   * Reads a safetensors file.
   *
   * @returns Tensors that the caller disposes of.
   * @throws {CheckpointError} If it cannot be read or is not sound.
   */
  async readTensors(path: string): Promise<NamedTensors> {
    const bytes = await this.#read(path, () => readFile(path));
    try {
      return parseSafetensors(bytes);
    } catch (cause) {
      throw new CheckpointError(path, `must be a sound safetensors file: ${messageOf(cause)}`, cause);
    }
  }

  /** @throws {CheckpointError} If the file cannot be read. */
  async readText(path: string): Promise<string> {
    return this.#read(path, () => readFile(path, "utf8"));
  }

  async #read<T>(path: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      const problem = `must be a readable file of a saved ${this.#kind.title} model. Give a directory that save wrote.`;
      throw new CheckpointError(path, problem, cause);
    }
  }

  #marks(): Readonly<Record<string, unknown>> {
    return { format: "relatum", paper: this.#kind.paper, version: this.#kind.version };
  }
}

/** Lists the parameters of a model apart from those of its `encoder`, which has a directory of its own. */
export function headParameters(model: Pick<Module, "parameters">): NamedTensors {
  return new Map([...model.parameters()].filter(([name]) => !ENCODER_PARAMETER.test(name)));
}

/**
 * Makes a model that a config describes and gives it stored weights.
 *
 * @param path Where the weights come from, for messages.
 * @param options.hasEncoder Whether the model comes with its encoder's weights, which are not among those stored.
 * @throws {CheckpointError} If the model's parameters are not those stored; memory for sizes far from theirs is not taken.
 */
export function restoreModel<Model extends Module>(
  create: () => Model,
  tensors: NamedTensors,
  path: string,
  { hasEncoder = false }: { readonly hasEncoder?: boolean } = {},
): Model {
  const stored = [...tensors.values()].reduce((sum, { size }) => sum + size, 0);
  let model: Model | undefined;
  try {
    // More values than are stored, so that of a model that is a little larger the parameter at fault is named.
    model = withParameterBudget(4 * stored + 2 ** 16, create);
    model.loadParameters(tensors, hasEncoder ? { allowMissing: ENCODER_PARAMETER } : {});
    return model;
  } catch (cause) {
    model?.dispose();
    throw new CheckpointError(path, `must fit config.json: ${messageOf(cause)}`, cause);
  }
}

/** Moves a directory to a place, and only then removes what was there. */
async function replaceDirectory(from: string, place: string): Promise<void> {
  const old = `${from}-old`;
  const hadOld = await rename(place, old).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
  try {
    await rename(from, place);
  } catch (error) {
    if (hadOld) await rename(old, place);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function describeField(found: unknown): string {
  if (typeof found === "object" && found !== null) return "an object";
  return typeof found === "string" ? JSON.stringify(found.slice(0, 60)) : String(found);
}
