import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import type * as z from "zod";

import type { Experiment } from "./experiment.ts";
import type { RunScores } from "./scoring.ts";
import { runConfigShape, runScoresShape, shapeProblem } from "./stored-shapes.ts";
import { removePartial, writeJson } from "./write-file.ts";

/** What a run is of, written when it starts. */
export interface RunConfig {
  readonly experiment: Experiment;
  readonly seed: number;
  /** What tables call the data set. */
  readonly dataset: string;
  /** SHA-256 of the data by split. */
  readonly data: Readonly<Record<string, string>>;
  readonly relations: readonly string[];
  /** Of models that find entities; absent for others. */
  readonly entityTypes?: readonly string[];
  readonly engine: string;
  /** Versions of Node and of the packages. */
  readonly versions: Readonly<Record<string, string>>;
  /** The command that started the run. */
  readonly command: string;
  /** What the code was at, where whoever started the run said so. */
  readonly revision?: string;
}

/** A run directory that does not fit what is asked of it. */
export class RunDirectoryError extends Error {
  override readonly name = "RunDirectoryError";
}

/** Files of a run directory. */
export interface RunFiles {
  readonly config: string;
  /** Events with the time, a JSON object a line. */
  readonly log: string;
  /** Gone once the run is done. */
  readonly checkpoints: string;
  /** The model of the best epoch. */
  readonly model: string;
  /** Its presence says that the run is done. */
  readonly scores: string;
  /** Precision against recall over all that the model scores; absent where it does not say, and in older runs. */
  readonly curves: string;
  /** Facts that Ign F1 leaves out. */
  readonly trainFacts: string;
  predictions(split: string): string;
}

/** Where a run keeps what. */
export function runFiles(directory: string): RunFiles {
  return {
    config: join(directory, "config.json"),
    log: join(directory, "log.jsonl"),
    checkpoints: join(directory, "checkpoints"),
    model: join(directory, "model"),
    scores: join(directory, "scores.json"),
    curves: join(directory, "curves.json"),
    trainFacts: join(directory, "train-facts.json"),
    predictions: (split) => join(directory, `predictions-${split}.jsonl`),
  };
}

/**
 * Makes a run directory, or finds out how far the run in it has come.
 *
 * A run of another revision makes place for the new one; one without revision stays. What a killed process had begun to
 * write is removed.
 *
 * @returns `new` after writing the config, `unfinished` or `done`.
 * @throws {RunDirectoryError} If it holds a run of something else; the message names the first difference.
 */
export async function openRunDirectory(directory: string, config: RunConfig): Promise<"new" | "unfinished" | "done"> {
  const files = runFiles(directory);
  const there = existsSync(files.config) ? await readRunConfig(directory) : undefined;
  const isOutdated =
    config.revision !== undefined && there?.revision !== undefined && there.revision !== config.revision;
  if (isOutdated) await rm(directory, { recursive: true });
  if (there === undefined || isOutdated) {
    await writeJson(files.config, config);
    return "new";
  }
  const isDone = existsSync(files.scores);
  const difference =
    findDifference(identity(there), identity(config), "") ??
    // Other code takes other steps; a run that is done takes none.
    (isDone ? undefined : findDifference(packagesOf(there), packagesOf(config), "versions"));
  if (difference !== undefined) {
    throw new RunDirectoryError(
      `${directory} must hold the same run to go on with, but ${difference}. Choose another --out, or remove it.`,
    );
  }
  await removePartial(directory);
  return isDone ? "done" : "unfinished";
}

/**
 * Reads what the run of a directory is of.
 *
 * @throws {RunDirectoryError} If the directory holds no run.
 */
export async function readRunConfig(directory: string): Promise<RunConfig> {
  const { config } = runFiles(directory);
  if (!existsSync(config))
    throw new RunDirectoryError(`${directory} must be a run directory, got no config.json in it.`);
  return readJsonFile<RunConfig>(config, runConfigShape, "a run's config");
}

/**
 * Reads the scores of a finished run.
 *
 * @throws {RunDirectoryError} If the run is not finished.
 */
export async function readRunScores(directory: string): Promise<RunScores> {
  const { scores } = runFiles(directory);
  if (!existsSync(scores))
    throw new RunDirectoryError(`${directory} must hold a finished run, got no scores.json in it.`);
  return readJsonFile<RunScores>(scores, runScoresShape, "a run's scores");
}

/**
 * Reads a JSON file that a run has written.
 *
 * @param shape What is checked of it; the caller vouches that it is what the type needs.
 * @param what What the file holds, in words.
 * @throws {RunDirectoryError} If it holds something else; the message names the field.
 */
export async function readJsonFile<T>(path: string, shape: z.ZodType, what: string): Promise<T> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new RunDirectoryError(`${path} must hold JSON: ${(cause as Error).message}`, { cause });
  }
  const problem = shapeProblem(shape, json);
  if (problem !== undefined) throw new RunDirectoryError(`${path} must hold ${what}, but ${problem}.`);
  return json as T;
}

/** The part of a config that decides the result. */
function identity({ experiment, seed, data }: RunConfig): unknown {
  const { paper, variant, encoder, encoderLayers, config, training, selection } = experiment;
  // Through JSON, in which absent and undefined are one.
  return JSON.parse(
    JSON.stringify({ experiment: { paper, variant, encoder, encoderLayers, config, training, selection }, seed, data }),
  );
}

/** The versions of the packages alone. */
function packagesOf({ versions }: RunConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(versions).filter(([name]) => name !== "node"));
}

function findDifference(there: unknown, here: unknown, path: string): string | undefined {
  if (isDeepStrictEqual(there, here)) return undefined;
  if (isObject(there) && isObject(here)) {
    const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
    const differences = keys.map((key) => findDifference(there[key], here[key], path === "" ? key : `${path}.${key}`));
    return differences.find((difference) => difference !== undefined);
  }
  return `${path} is ${JSON.stringify(there) ?? "absent"} there and ${JSON.stringify(here) ?? "absent"} here`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
