import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import type { Backbone } from "@relatum/encoders";

import type { Experiment } from "./experiment.ts";
import { UNTRAINED_ENCODER } from "./quick.ts";
import type { Terminal } from "./terminal.ts";

/** What loading an encoder tells and listens to. */
export interface LoadBackboneOptions {
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** Finds, downloads if need be, and loads the encoder of an experiment. */
export async function loadBackbone(
  { encoder, encoderLayers }: Pick<Experiment, "encoder" | "encoderLayers">,
  { signal, terminal }: LoadBackboneOptions,
): Promise<Backbone> {
  if (encoder === UNTRAINED_ENCODER) {
    const { untrainedEncoder } = await import("./untrained-encoder.ts");
    return untrainedEncoder();
  }
  const { loadPretrained, resolveEncoder } = await import("@relatum/encoders");
  terminal.status(`Looking for the encoder ${encoder}`);
  const directory = await resolveEncoder(encoder, { signal });
  terminal.clear();
  return encoderLayers === undefined
    ? loadPretrained(directory)
    : withFewerLayers(directory, encoderLayers, loadPretrained);
}

/**
 * Loads the first layers of an encoder, through a directory whose config says that there are no others.
 *
 * @throws {RangeError} If the encoder has fewer.
 */
async function withFewerLayers(
  directory: string,
  layers: number,
  load: (directory: string) => Promise<Backbone>,
): Promise<Backbone> {
  const config = JSON.parse(await readFile(join(directory, "config.json"), "utf8")) as { num_hidden_layers: number };
  if (layers > config.num_hidden_layers) {
    throw new RangeError(`encoderLayers must be at most ${config.num_hidden_layers}, got ${layers}.`);
  }
  const shortened = await mkdtemp(join(tmpdir(), "relatum-encoder-"));
  try {
    for (const name of await readdir(directory)) {
      if (name !== "config.json") await symlink(resolve(directory, name), join(shortened, name));
    }
    await writeFile(join(shortened, "config.json"), JSON.stringify({ ...config, num_hidden_layers: layers }));
    return await load(shortened);
  } finally {
    await rm(shortened, { recursive: true, force: true });
  }
}
