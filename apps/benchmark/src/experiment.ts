import { readFile } from "node:fs/promises";

import { z } from "zod";

/** The formats of data files. */
const DATA_FORMATS = ["docred", "pubtator", "biomedical-table", "scierc"] as const;

/** One of {@link DATA_FORMATS}. */
export type DataFormat = (typeof DATA_FORMATS)[number];

/** Data of an experiment in files, named relative to the data directory. */
export interface FileData {
  /** What tables call the data set. */
  readonly name: string;
  readonly format: DataFormat;
  readonly train: string;
  readonly development: string;
  readonly test?: string;
  /** Label file: relation names as a JSON list, as the keys of a JSON object, or a line each. */
  readonly labels?: string;
  /** Label file of the entity types, for models that find entities; those of the training documents without it. */
  readonly entityLabels?: string;
  /** Facts that Ign F1 leaves out; those of the training documents without it. */
  readonly trainFacts?: string;
  /** Relations that hold both ways, for scores that take them so beside those that do not. */
  readonly symmetricRelations?: readonly string[];
  /** The data set of the published numbers to show beside, where it is another one than `name`. */
  readonly comparedWith?: string;
}

/** Data of an experiment by name: a data set of the catalog, or the generated `sample-world`. */
export interface NamedData {
  readonly dataset: string;
  /** Documents to generate by split; `sample-world` only. */
  readonly documents?: { readonly train: number; readonly development: number; readonly test: number };
  readonly symmetricRelations?: readonly string[];
  readonly comparedWith?: string;
}

/** What a training run needs besides data, encoder and config. */
export interface TrainingSettings {
  readonly epochs: number;
  /** Documents per step; of models of single sentences, what the paper counts. */
  readonly batchSize: number;
  readonly encoderLearningRate: number;
  readonly headLearningRate: number;
  /** Share of the steps in which the learning rates rise, 0–1. */
  readonly warmup: number;
  /** Batches whose gradients are summed before a step. */
  readonly accumulate?: number;
  /** Numbers that matrix products are made of, in training and scoring; `float32` without it. */
  readonly precision?: "float32" | "bf16";
  /** Which documents share a batch: those of like length (the papers' default here), or any, as the authors do. */
  readonly batching?: "by-length" | "shuffled";
  /** What differs in a stage, by its name, of papers that train several models one after the other. */
  readonly stages?: Readonly<Record<string, Partial<Omit<TrainingSettings, "stages">>>>;
}

/** One setting to train and score: a row of the results table. Read one with {@link loadExperiment}. */
export interface Experiment {
  readonly name: string;
  /** Name of the paper's adapter. */
  readonly paper: string;
  /** What differs from the paper's full model; `full` without it. */
  readonly variant: string;
  readonly suite: "quick" | "lite" | "paper" | "own";
  readonly seeds: readonly number[];
  readonly data: FileData | NamedData;
  /** What `resolveEncoder` takes: a directory, a hub id, or `all-MiniLM-L6-v2`. */
  readonly encoder: string;
  /** Layers of the encoder to keep, counted from the first; all without it. */
  readonly encoderLayers?: number;
  /** Settings of the paper's model; the adapter checks them. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly training: TrainingSettings;
  /** The development score by which the best epoch is chosen. */
  readonly selection: "f1" | "ignF1" | "strictF1";
  /** How the recipe differs from the paper's, in words for the table. */
  readonly differences?: string;
  /** What the quick suite takes on an engine that is slow, where that is less than it would take of itself. */
  readonly portable?: {
    readonly documents: { readonly train: number; readonly development: number; readonly test: number };
    readonly epochs?: number;
  };
}

const fileData: z.ZodType<FileData> = z.strictObject({
  name: z.string().min(1),
  format: z.enum(DATA_FORMATS),
  train: z.string().min(1),
  development: z.string().min(1),
  test: z.string().min(1).optional(),
  labels: z.string().min(1).optional(),
  entityLabels: z.string().min(1).optional(),
  trainFacts: z.string().min(1).optional(),
  symmetricRelations: z.array(z.string()).optional(),
  comparedWith: z.string().min(1).optional(),
});

const count = z.int().min(1);

const namedData: z.ZodType<NamedData> = z.strictObject({
  dataset: z.string().min(1),
  documents: z.strictObject({ train: count, development: count, test: count }).optional(),
  symmetricRelations: z.array(z.string()).optional(),
  comparedWith: z.string().min(1).optional(),
});

const trainingSettings = z.strictObject({
  epochs: count,
  batchSize: count,
  encoderLearningRate: z.number().min(0),
  headLearningRate: z.number().min(0),
  warmup: z.number().min(0).max(1),
  accumulate: count.optional(),
  precision: z.enum(["float32", "bf16"]).optional(),
  batching: z.enum(["by-length", "shuffled"]).optional(),
});

const experimentSchema = z.strictObject({
  name: z.string().regex(/^[\w.-]+$/, "must consist of letters, digits, dots, dashes and underscores"),
  paper: z.string().min(1),
  variant: z.string().min(1).default("full"),
  suite: z.enum(["quick", "lite", "paper", "own"]).default("own"),
  seeds: z.array(z.int().min(0)).min(1).default([66]),
  data: z.record(z.string(), z.unknown()),
  encoder: z.string().min(1),
  encoderLayers: count.optional(),
  config: z.record(z.string(), z.unknown()).default({}),
  training: trainingSettings.extend({ stages: z.record(z.string(), trainingSettings.partial()).optional() }),
  selection: z.enum(["f1", "ignF1", "strictF1"]).default("f1"),
  differences: z.string().min(1).optional(),
  portable: z
    .strictObject({
      documents: z.strictObject({ train: count, development: count, test: count }),
      epochs: count.optional(),
    })
    .optional(),
});

/** An experiment file that does not say what an experiment needs; the message has a line for each field at fault. */
export class ExperimentError extends Error {
  override readonly name = "ExperimentError";
}

/**
 * Checks the content of an experiment file and fills in what it leaves out.
 *
 * @param place What opens the error message: the file's name.
 * @throws {ExperimentError} If a field is missing, unknown or impossible; each one is named.
 */
export function defineExperiment(json: unknown, place: string): Experiment {
  const checked = experimentSchema.safeParse(json);
  if (!checked.success) throw toExperimentError(checked.error, place, []);
  const { data } = checked.data;
  const checkedData = ("dataset" in data ? namedData : fileData).safeParse(data);
  if (!checkedData.success) throw toExperimentError(checkedData.error, place, ["data"]);
  return { ...checked.data, data: checkedData.data };
}

/**
 * Reads an experiment file.
 *
 * @throws {ExperimentError} If the file cannot be read, is no JSON, or is no experiment.
 */
export async function loadExperiment(path: string): Promise<Experiment> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const problem = cause instanceof SyntaxError ? "must hold JSON" : "must be a readable file";
    throw new ExperimentError(`${path} ${problem}: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      cause,
    });
  }
  return defineExperiment(json, path);
}

function toExperimentError(error: z.ZodError, place: string, prefix: readonly string[]): ExperimentError {
  const lines = error.issues.map((issue) => {
    const field = [...prefix, ...issue.path.map(String)].join(".");
    return `${field === "" ? "the experiment" : field}: ${issue.message}`;
  });
  return new ExperimentError(`${place} must describe an experiment:\n  ${lines.join("\n  ")}`);
}
