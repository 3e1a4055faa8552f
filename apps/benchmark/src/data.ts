import { isAbsolute, join } from "node:path";

import {
  type Document,
  entityTypes,
  loadDocuments,
  loadFacts,
  loadLabels,
  relationNames,
  requireUniqueIds,
  sentenceDocuments,
  trainFacts,
} from "@relatum/datasets";

import type { PaperAdapter } from "./adapter.ts";
import type { Experiment, FileData, NamedData } from "./experiment.ts";
import { findNamedData } from "./named-data.ts";
import { hashFile } from "./write-file.ts";

/** Everything an experiment learns from and is scored on. */
export interface ExperimentData {
  /** What tables call the data set. */
  readonly name: string;
  readonly train: readonly Document[];
  readonly development: readonly Document[];
  readonly test?: readonly Document[];
  /** Relation names in label order. */
  readonly relations: readonly string[];
  /** Entity types in label order. */
  readonly entityTypes: readonly string[];
  /** Facts that Ign F1 leaves out; absent where the data set has no such score. */
  readonly trainFacts?: ReadonlySet<string>;
  /** SHA-256 of each file, or of each generated split. */
  readonly fingerprint: Readonly<Record<string, string>>;
}

/**
 * Reads the data of an experiment.
 *
 * @param directory What file names are relative to.
 * @param task What the paper's models read: whole documents, or documents as `sentenceDocuments` makes them.
 * @throws {RangeError} If the training documents state no relation, or documents to predict share an id.
 * @throws {DatasetFormatError} If a file does not follow its format.
 */
export async function loadExperimentData(
  { data }: Pick<Experiment, "data">,
  directory: string | undefined,
  task: PaperAdapter["task"] = "document",
): Promise<ExperimentData> {
  const loaded = "dataset" in data ? await loadNamed(data, directory, task) : await loadFiles(data, directory, task);
  // Titles may repeat in training data; predictions have nothing else to be told apart by.
  for (const documents of [loaded.development, loaded.test ?? []]) requireUniqueIds(documents);
  if (loaded.relations.length === 0) throw new RangeError("Training documents must state relations, got none.");
  return loaded;
}

/** Documents in the form that the models of a task read. */
export function documentsFor(task: PaperAdapter["task"], documents: readonly Document[]): readonly Document[] {
  return task === "sentence" ? sentenceDocuments(documents) : documents;
}

async function loadNamed(
  data: NamedData,
  directory: string | undefined,
  task: PaperAdapter["task"],
): Promise<ExperimentData> {
  const found = await findNamedData(data, directory);
  // The paths found are whole: they begin with the directory already.
  if (!("splits" in found)) return loadFiles(found, undefined, task);
  const [train, development, test] = [found.splits.train, found.splits.development, found.splits.test].map((split) =>
    documentsFor(task, split),
  ) as [readonly Document[], readonly Document[], readonly Document[]];
  const all = [...train, ...development, ...test];
  return {
    name: data.dataset,
    train,
    development,
    test,
    relations: relationNames(all),
    entityTypes: entityTypes(all),
    ...(task === "document" && { trainFacts: trainFacts(train) }),
    fingerprint: found.fingerprint,
  };
}

async function loadFiles(
  data: FileData,
  directory = ".",
  task: PaperAdapter["task"] = "document",
): Promise<ExperimentData> {
  const place = (name: string): string => (isAbsolute(name) ? name : join(directory, name));
  const read = async (name: string): Promise<readonly Document[]> =>
    documentsFor(task, await loadDocuments(place(name), data.format));
  const train = await read(data.train);
  const development = await read(data.development);
  const test = data.test === undefined ? undefined : await read(data.test);
  const labelsOf = async (file: string | undefined, used: readonly string[], what: string): Promise<string[]> => {
    if (file === undefined) return [...used];
    const labels = await loadLabels(place(file));
    requireNames(labels, used, file, what);
    return labels;
  };
  const relations = await labelsOf(data.labels, relationNames(train), "relation");
  const types = await labelsOf(data.entityLabels, entityTypes(train), "entity type");
  const facts = data.trainFacts === undefined ? ownFacts(data, train) : await loadFacts(place(data.trainFacts));

  const named = { train: data.train, development: data.development, test: data.test, labels: data.labels };
  const files = Object.entries({ ...named, entityLabels: data.entityLabels, trainFacts: data.trainFacts });
  const hashes = await Promise.all(
    files.map(async ([name, file]) => (file === undefined ? [] : [[name, await hashFile(place(file))] as const])),
  );
  return {
    name: data.name,
    train,
    development,
    ...(test && { test }),
    relations,
    entityTypes: types,
    ...(facts && task === "document" && { trainFacts: facts }),
    fingerprint: Object.fromEntries(hashes.flat()),
  };
}

/** Ign F1 belongs to the DocRED family; abstracts of CDR and GDA are not scored so. */
function ownFacts({ format }: FileData, train: readonly Document[]): ReadonlySet<string> | undefined {
  return format === "docred" ? trainFacts(train) : undefined;
}

function requireNames(labels: readonly string[], used: readonly string[], file: string, what: string): void {
  const unknown = used.find((name) => !labels.includes(name));
  if (unknown === undefined) return;
  throw new RangeError(`${file} must name every ${what} of the training documents, but "${unknown}" is missing.`);
}
