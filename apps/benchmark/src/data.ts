import { isAbsolute, join } from "node:path";

import {
  type Document,
  loadDocuments,
  loadFacts,
  loadLabels,
  relationNames,
  requireUniqueIds,
  trainFacts,
} from "@relatum/datasets";

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
  /** Facts that Ign F1 leaves out; absent where the data set has no such score. */
  readonly trainFacts?: ReadonlySet<string>;
  /** SHA-256 of each file, or of each generated split. */
  readonly fingerprint: Readonly<Record<string, string>>;
}

/**
 * Reads the data of an experiment.
 *
 * @param directory What file names are relative to.
 * @throws {RangeError} If the training documents state no relation, or documents to predict share an id.
 * @throws {DatasetFormatError} If a file does not follow its format.
 */
export async function loadExperimentData(
  { data }: Pick<Experiment, "data">,
  directory: string | undefined,
): Promise<ExperimentData> {
  const loaded = "dataset" in data ? await loadNamed(data, directory) : await loadFiles(data, directory);
  // Titles may repeat in training data; predictions have nothing else to be told apart by.
  for (const documents of [loaded.development, loaded.test ?? []]) requireUniqueIds(documents);
  if (loaded.relations.length === 0) throw new RangeError("Training documents must state relations, got none.");
  return loaded;
}

async function loadNamed(data: NamedData, directory: string | undefined): Promise<ExperimentData> {
  const found = await findNamedData(data, directory);
  // The paths found are whole: they begin with the directory already.
  if (!("splits" in found)) return loadFiles(found);
  const { train, development, test } = found.splits;
  return {
    name: data.dataset,
    ...found.splits,
    relations: relationNames([...train, ...development, ...test]),
    trainFacts: trainFacts(train),
    fingerprint: found.fingerprint,
  };
}

async function loadFiles(data: FileData, directory = "."): Promise<ExperimentData> {
  const place = (name: string): string => (isAbsolute(name) ? name : join(directory, name));
  const read = (name: string): Promise<Document[]> => loadDocuments(place(name), data.format);
  const train = await read(data.train);
  const development = await read(data.development);
  const test = data.test === undefined ? undefined : await read(data.test);
  const relations = data.labels === undefined ? relationNames(train) : await loadLabels(place(data.labels));
  checkRelations(train, relations, data.labels);
  const facts = data.trainFacts === undefined ? ownFacts(data, train) : await loadFacts(place(data.trainFacts));

  const named = { train: data.train, development: data.development, test: data.test, labels: data.labels };
  const files = Object.entries({ ...named, trainFacts: data.trainFacts });
  const hashes = await Promise.all(
    files.map(async ([name, file]) => (file === undefined ? [] : [[name, await hashFile(place(file))] as const])),
  );
  return {
    name: data.name,
    train,
    development,
    ...(test && { test }),
    relations,
    ...(facts && { trainFacts: facts }),
    fingerprint: Object.fromEntries(hashes.flat()),
  };
}

/** Ign F1 belongs to the DocRED family; abstracts of CDR and GDA are not scored so. */
function ownFacts({ format }: FileData, train: readonly Document[]): ReadonlySet<string> | undefined {
  return format === "docred" ? trainFacts(train) : undefined;
}

function checkRelations(train: readonly Document[], relations: readonly string[], file: string | undefined): void {
  const unknown = relationNames(train).filter((name) => !relations.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(`${file} must name every relation of the training documents, but "${unknown[0]}" is missing.`);
  }
}
