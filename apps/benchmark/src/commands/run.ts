import { join } from "node:path";

import type { EngineKind } from "@relatum/tensor-utils/native";

import type { PaperAdapter } from "../adapter.ts";
import { AdapterError, loadExperiments, pickAdapter } from "../adapters.ts";
import type { CommandContext } from "../command-context.ts";
import type { Experiment } from "../experiment.ts";
import { fitQuick, UNTRAINED_ENCODER } from "../quick.ts";
import { collectRows } from "../results.ts";
import { formatRows, writeResults } from "../results-page.ts";
import { runExperiment } from "../run.ts";

/** Options of the command `run`. */
export interface RunCommandOptions {
  readonly suite: Experiment["suite"];
  readonly paper?: string;
  readonly experiment?: string;
  readonly seed?: number;
  readonly data?: string;
  readonly out: string;
  readonly revision?: string;
  readonly tensorboard?: string;
  /** Bytes that the process may take; a share of the machine's without it. */
  readonly memory?: number;
}

interface Planned {
  readonly adapter: PaperAdapter;
  readonly experiment: Experiment;
}

/** Runs every experiment of a suite with every seed, prints a table, and writes it beside the runs. */
export async function runCommand(options: RunCommandOptions, context: CommandContext): Promise<void> {
  const adapters = await context.findAdapters(options.paper);
  const planned = await planSuite(adapters, options);
  const { engine } = await context.startEngine();
  const directories: string[] = [];
  for (const { adapter, experiment: wanted } of planned) {
    const experiment = wanted.suite === "quick" ? await fitToMachine(wanted, engine, context) : wanted;
    for (const seed of options.seed === undefined ? experiment.seeds : [options.seed]) {
      const runDirectory = join(options.out, experiment.paper, experiment.name, `seed-${seed}`);
      await runExperiment({
        adapter,
        experiment,
        seed,
        dataDirectory: options.data,
        runDirectory,
        ...(options.revision !== undefined && options.revision !== "" && { revision: options.revision }),
        engine,
        tensorboard: options.tensorboard,
        memory: options.memory,
        ...context,
      });
      directories.push(runDirectory);
    }
  }
  const rows = await collectRows(directories, adapters);
  await writeResults(options.out, rows);
  context.terminal.out(formatRows(rows));
}

/** Cuts a quick experiment down to what the machine has, and says so. */
async function fitToMachine(
  experiment: Experiment,
  engine: EngineKind,
  { terminal, signal }: CommandContext,
): Promise<Experiment> {
  const { EncoderNotFoundError, resolveEncoder } = await import("@relatum/encoders");
  if (experiment.encoder === UNTRAINED_ENCODER) return fitQuick(experiment, { engine, hasEncoder: true });
  terminal.status(`Looking for the encoder ${experiment.encoder}`);
  const problem = await resolveEncoder(experiment.encoder, { signal }).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof EncoderNotFoundError) return error;
      throw error;
    },
  );
  if (problem !== undefined) terminal.notice(problem.message);
  const fitted = fitQuick(experiment, { engine, hasEncoder: problem === undefined });
  if (fitted !== experiment) terminal.notice(fitted.differences?.replace(`${experiment.differences}; `, "") ?? "");
  return fitted;
}

async function planSuite(
  adapters: readonly PaperAdapter[],
  { suite, paper, experiment: name }: RunCommandOptions,
): Promise<Planned[]> {
  const chosen = paper === undefined ? adapters : [pickAdapter(adapters, paper)];
  const all = await Promise.all(
    chosen.map(async (adapter) => {
      const experiments = await loadExperiments(adapter);
      return experiments.map((experiment): Planned => ({ adapter, experiment }));
    }),
  );
  const ofSuite = all.flat().filter(({ experiment }) => experiment.suite === suite);
  const planned = ofSuite.filter(({ experiment }) => name === undefined || experiment.name === name);
  if (planned.length > 0) return planned;
  const names = ofSuite.map(({ experiment }) => experiment.name).join(", ") || "none";
  throw new AdapterError(
    `experiment must be one of the suite "${suite}" (${names}), got ${name === undefined ? "no choice" : `"${name}"`}.`,
  );
}
