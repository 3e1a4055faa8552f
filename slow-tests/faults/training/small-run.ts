import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The models whose quick experiment is trained. */
export const PAPERS = ["atlop", "gain", "pure"] as const;

/** One of {@link PAPERS}. */
export type Paper = (typeof PAPERS)[number];

/** Steps from one checkpoint to the next. */
export const SAVE_EVERY = 2;

/** The parts of an experiment file that are changed here. */
export interface SmallExperiment {
  readonly name: string;
  readonly paper: string;
  readonly suite: string;
  readonly data: { readonly dataset: string; readonly documents: Readonly<Record<string, number>> };
  readonly encoder: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly training: Readonly<Record<string, unknown>>;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Fewer documents and columns, hence few shapes: 12 to 30 steps in several epochs, or in two stages, within seconds. */
const SMALLER: Readonly<Record<Paper, Pick<SmallExperiment, "config" | "training"> & { readonly train: number }>> = {
  atlop: { train: 12, config: { pairSize: 64, blockSize: 16 }, training: { epochs: 4, batchSize: 4 } },
  gain: { train: 12, config: { graphLayers: 1 }, training: { epochs: 4, batchSize: 4 } },
  pure: { train: 4, config: {}, training: { epochs: 3, batchSize: 8, stages: { entity: { epochs: 3 } } } },
};

/** The quick suite's experiment of a paper, made smaller, from an encoder that has learnt nothing. */
export function smallExperiment(paper: Paper): SmallExperiment {
  const quick = quickExperiment(paper);
  const { train, config, training } = SMALLER[paper];
  return {
    ...quick,
    name: `${paper}-small`,
    suite: "own",
    data: { ...quick.data, documents: { train, development: 1, test: 1 } },
    encoder: "untrained",
    config: { ...quick.config, ...config },
    training: { ...quick.training, ...training },
  };
}

/** Writes an experiment file into a folder. */
export function writeExperiment(folder: string, experiment: SmallExperiment): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${experiment.name}.json`);
  writeFileSync(path, JSON.stringify(experiment));
  return path;
}

function quickExperiment(paper: Paper): SmallExperiment {
  const folder = join(ROOT, "packages", paper, "benchmark", "experiments");
  const experiments = readdirSync(folder)
    .filter((name) => name.startsWith("sample-world-"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as SmallExperiment);
  const quick = experiments.find(({ suite }) => suite === "quick");
  if (quick === undefined) throw new Error(`${paper} must have a quick experiment on the sample world.`);
  return quick;
}
