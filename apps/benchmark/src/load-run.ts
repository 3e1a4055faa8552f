import { existsSync } from "node:fs";

import { loadFacts } from "@relatum/datasets";

import type { PaperAdapter, PaperExtractor } from "./adapter.ts";
import { pickAdapter } from "./adapters.ts";
import type { CommandContext } from "./command-context.ts";
import type { RelationScorer } from "./curves.ts";
import { extractionMemory, machineMemory } from "./memory.ts";
import { readRunConfig, RunDirectoryError, runFiles } from "./run-directory.ts";

/** A trained model with what its run knows about its data. */
export interface LoadedRun {
  readonly extractor: PaperExtractor;
  readonly task: PaperAdapter["task"];
  readonly relations: readonly string[];
  /** Scores all pairs; absent where the paper's models do not. */
  readonly scoreAll?: RelationScorer;
  /** Absent where models are given the entities. */
  readonly entityTypes?: readonly string[];
  /** Relations that the run's experiment takes to hold both ways. */
  readonly symmetricRelations?: readonly string[];
  /** Reads the facts that the run trained on, where Ign F1 is a score of its data. */
  loadTrainFacts(): Promise<ReadonlySet<string> | undefined>;
}

/** How {@link loadRun} loads. */
export interface LoadRunOptions {
  /** Bytes that the process may take; a share of the machine's without it. */
  readonly memory?: number;
}

/**
 * Loads the model of a run; starts the engine.
 *
 * @throws {RunDirectoryError} If the directory holds no run or the run has no model yet.
 */
export async function loadRun(
  directory: string,
  context: CommandContext,
  { memory = machineMemory() }: LoadRunOptions = {},
): Promise<LoadedRun> {
  const config = await readRunConfig(directory);
  const files = runFiles(directory);
  if (!existsSync(files.model)) {
    throw new RunDirectoryError(`${directory} must hold a trained model, got a run that is not finished.`);
  }
  const adapter = pickAdapter(await context.findAdapters(config.experiment.paper), config.experiment.paper);
  await context.startEngine();
  const { symmetricRelations } = config.experiment.data;
  return {
    task: adapter.task,
    ...(adapter.scoreAll && { scoreAll: adapter.scoreAll }),
    extractor: await adapter.load(files.model, { memoryBudget: await extractionMemory(memory, files.model) }),
    relations: config.relations,
    ...(config.entityTypes && { entityTypes: config.entityTypes }),
    ...(symmetricRelations && { symmetricRelations }),
    loadTrainFacts: async () => (existsSync(files.trainFacts) ? loadFacts(files.trainFacts) : undefined),
  };
}
