import { type Document, prepareDataset, sampleWorld } from "@relatum/datasets";

import type { FileData, NamedData } from "./experiment.ts";
import { dataCache } from "./data-cache.ts";
import { hashText } from "./write-file.ts";

/** Data found by name: documents by split, or the files that hold them. */
export type FoundData = FileData | GeneratedData;

/** Documents that were generated. */
interface GeneratedData {
  readonly splits: Readonly<Record<"train" | "development" | "test", readonly Document[]>>;
  /** SHA-256 of each split. */
  readonly fingerprint: Readonly<Record<string, string>>;
}

/** The name of the generated data set. */
const SAMPLE_WORLD = "sample-world";

const SAMPLE_DOCUMENTS = { train: 200, development: 50, test: 50 } as const;

/** One world for all: a run's own seed decides weights and order, not the data. */
const SAMPLE_SEED = 1;

/**
 * Finds the data set of a name: generates it, or finds or downloads its files.
 *
 * @param directory Where its files may lie.
 * @throws {RangeError} If there is none of that name, or it has no training and development documents.
 */
export async function findNamedData(
  { dataset, documents = SAMPLE_DOCUMENTS }: NamedData,
  directory: string | undefined,
): Promise<FoundData> {
  if (dataset === SAMPLE_WORLD) return generateSampleWorld(documents);
  const cache = dataCache(process.env);
  const { title, format, files } = await prepareDataset(dataset, { cache, ...(directory && { directory }) });
  const { train, development, test, labels } = files;
  if (train === undefined || development === undefined) {
    throw new RangeError(`data.dataset must have training and development documents, got "${dataset}".`);
  }
  return { name: title, format, train, development, ...(test && { test }), ...(labels && { labels }) };
}

function generateSampleWorld(counts: Readonly<Record<"train" | "development" | "test", number>>): GeneratedData {
  const generate = (split: "train" | "development" | "test"): readonly Document[] =>
    sampleWorld({ seed: SAMPLE_SEED, documents: counts[split], split }).documents;
  const splits = { train: generate("train"), development: generate("development"), test: generate("test") };
  const hashes = Object.entries(splits).map(([split, documents]) => [split, hashText(JSON.stringify(documents))]);
  return { splits, fingerprint: Object.fromEntries(hashes) as Record<string, string> };
}
