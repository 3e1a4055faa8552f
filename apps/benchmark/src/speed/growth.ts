import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

import type { Document } from "@relatum/datasets";
import { sampleWorld } from "@relatum/datasets";
import type { EngineKind } from "@relatum/tensor-utils/native";

import { writeDocuments } from "./case-sides.ts";
import { GROWTH_RELATIONS, growthDocuments } from "./growth-documents.ts";
import { median } from "./pairs.ts";
import { SpeedProcess } from "./speed-process.ts";
import { workerCommand } from "./worker-command.ts";

/** Time and memory of one size. */
export interface GrowthRow {
  /** What grows, and what is done. */
  readonly table: string;
  readonly size: number;
  /** Median seconds of one repetition. */
  readonly seconds: number;
  /** Peak memory of a process that does nothing else, in bytes. */
  readonly peakBytes: number;
}

/** What {@link measureGrowth} needs. */
export interface GrowthOptions {
  readonly engine: EngineKind;
  /** Directory of the encoder. */
  readonly model: string;
  readonly threads: number;
  /** Repetitions of each size, after one that does not count. */
  readonly repetitions: number;
  readonly workspace: string;
  readonly signal: AbortSignal;
  readonly status: (text: string) => void;
}

/** One table: something grows, all else stays. */
export interface GrowthTable {
  readonly name: string;
  readonly paper: string;
  readonly part: "step" | "inference";
  readonly sizes: readonly number[];
  readonly documentsOf: (size: number) => readonly Document[];
  readonly configOf?: (size: number) => Readonly<Record<string, unknown>>;
}

const DOCUMENTS = 8;
const ENTITIES = 10;
const WORDS = 512;

/** Documents of exactly so many tokens: as many words, which are more tokens, cut. */
const byTokens = {
  paper: "atlop",
  sizes: [128, 256, 512, 1024, 2048],
  configOf: (maxTokens: number) => ({ maxTokens }),
} as const;

/** The tables there are. */
export const GROWTH_TABLES: readonly GrowthTable[] = [
  {
    ...byTokens,
    name: `tokens: extraction from ${DOCUMENTS} documents of ${ENTITIES} entities`,
    part: "inference",
    documentsOf: (words) => growthDocuments({ documents: DOCUMENTS, words, entities: ENTITIES }),
  },
  {
    ...byTokens,
    name: `tokens: a training step on one document of ${ENTITIES} entities`,
    part: "step",
    documentsOf: (words) => growthDocuments({ documents: 1, words, entities: ENTITIES }),
  },
  {
    name: `entities a document: extraction from ${DOCUMENTS} documents of ${WORDS} tokens`,
    paper: "atlop",
    part: "inference",
    sizes: [2, 5, 10, 20, 40, 60],
    documentsOf: (entities) => growthDocuments({ documents: DOCUMENTS, words: WORDS, entities }),
    configOf: () => ({ maxTokens: WORDS }),
  },
  {
    name: "documents: extraction from documents of the sample world",
    paper: "atlop",
    part: "inference",
    sizes: [100, 250, 500, 1000],
    documentsOf: (documents) => sampleWorld({ seed: 1, documents }).documents,
  },
  {
    name: `entities a document: GAIN's training step on all pairs of one document of ${WORDS} tokens`,
    paper: "gain",
    part: "step",
    sizes: [2, 5, 10, 20, 40, 80],
    documentsOf: (entities) => growthDocuments({ documents: 1, words: WORDS, entities }),
    configOf: () => ({ maxTokens: WORDS, negativesPerPositive: null }),
  },
  {
    name: `entities a document: GAIN's training step on 21 pairs at most of one document of ${WORDS} tokens`,
    paper: "gain",
    part: "step",
    sizes: [2, 5, 10, 20, 40, 80],
    documentsOf: (entities) => growthDocuments({ documents: 1, words: WORDS, entities }),
    configOf: () => ({ maxTokens: WORDS }),
  },
];

/** Measures every size of a table, each in a process of its own. */
export async function measureGrowth(table: GrowthTable, options: GrowthOptions): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = [];
  for (const size of table.sizes) {
    options.status(`${table.name}: ${size}`);
    rows.push({ table: table.name, size, ...(await measureSize(table, size, options)) });
  }
  return rows;
}

async function measureSize(
  { paper, part, documentsOf, configOf }: GrowthTable,
  size: number,
  { engine, model, threads, repetitions, workspace: root, signal }: GrowthOptions,
): Promise<Pick<GrowthRow, "seconds" | "peakBytes">> {
  await mkdir(root, { recursive: true });
  const workspace = await mkdtemp(join(root, "growth-"));
  await writeDocuments(workspace, documentsOf(size));
  const running = new SpeedProcess(workerCommand("Relatum", threads), signal);
  try {
    await running.prepare({
      kind: "paper",
      engine,
      encoder: model,
      threads,
      workspace,
      paper,
      part,
      config: configOf?.(size) ?? {},
      relations: GROWTH_RELATIONS,
      steps: 1,
      batchSize: 1,
      compares: "nothing",
    });
    await running.run();
    const seconds: number[] = [];
    for (let index = 0; index < repetitions; index += 1) seconds.push((await running.run()).seconds);
    return { seconds: median(seconds), peakBytes: await running.peakBytes() };
  } finally {
    await running.end();
    await rm(workspace, { recursive: true, force: true });
  }
}
