import { join } from "node:path";

import { pickAdapter } from "../adapters.ts";
import type { CommandContext } from "../command-context.ts";
import { loadExperiment } from "../experiment.ts";
import { runExperiment } from "../run.ts";
import { formatScores } from "../score-table.ts";

/** Options of the command `train`. */
export interface TrainCommandOptions {
  readonly data?: string;
  readonly out?: string;
  readonly seed?: number;
  readonly tensorboard?: string;
  /** Bytes that the process may take; a share of the machine's without it. */
  readonly memory?: number;
  readonly saveEvery?: number;
}

/** Trains the experiment of a file with one seed, and prints its scores. */
export async function trainCommand(
  file: string,
  { data, out, seed, tensorboard, memory, saveEvery }: TrainCommandOptions,
  context: CommandContext,
): Promise<void> {
  const experiment = await loadExperiment(file);
  const chosen = seed ?? experiment.seeds[0] ?? 0;
  const adapter = pickAdapter(await context.findAdapters(experiment.paper), experiment.paper);
  const { engine } = await context.startEngine();
  const runDirectory = out ?? join("runs", experiment.paper, experiment.name, `seed-${chosen}`);
  const scores = await runExperiment({
    adapter,
    experiment,
    seed: chosen,
    dataDirectory: data,
    runDirectory,
    engine,
    tensorboard,
    memory,
    saveEvery,
    ...context,
  });
  context.terminal.out(formatScores(scores));
}
