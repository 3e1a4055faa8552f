import type { PaperAdapter } from "./adapter.ts";
import { type ExperimentData, loadExperimentData } from "./data.ts";
import type { RunConfig } from "./run-directory.ts";

/** The documents that a run was scored on. */
export type GoldData = Pick<ExperimentData, "development" | "test" | "trainFacts">;

/** Reads the documents that runs were scored on, each data set once. */
export class GoldLoader {
  readonly #directory: string | undefined;
  readonly #loaded = new Map<string, Promise<ExperimentData | string>>();

  /** @param directory What the experiments' file names are relative to. */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /**
   * Reads a run's documents.
   *
   * @param task What the paper's models read; absent where its package is not installed.
   * @returns The documents, or in words why they are not there: nothing else on the page depends on them.
   */
  async load({ experiment, data }: RunConfig, task: PaperAdapter["task"] | undefined): Promise<GoldData | string> {
    if (task === undefined) return `the package of ${experiment.paper} is not installed`;
    const key = JSON.stringify([experiment.data, task]);
    const loading = this.#loaded.get(key) ?? this.#read(experiment, task);
    this.#loaded.set(key, loading);
    const loaded = await loading;
    if (typeof loaded === "string") return loaded;
    const differs = ["development", "test"].some((split) => loaded.fingerprint[split] !== data[split]);
    return differs ? "the data found are not those of the run" : loaded;
  }

  async #read(experiment: RunConfig["experiment"], task: PaperAdapter["task"]): Promise<ExperimentData | string> {
    try {
      return await loadExperimentData(experiment, this.#directory, task);
    } catch {
      return "its documents were not found; name their folder with --data";
    }
  }
}
