import { join } from "node:path";

import type { RunConfig } from "../run-directory.ts";
import type { LogEvent, TimedEvent } from "../run-log.ts";
import { EventFile } from "./event-file.ts";
import { createScalarReader } from "./scalars.ts";

/** What a run's curves are filed under. */
type RunName = Pick<RunConfig, "experiment" | "seed">;

/**
 * Begins an event file for a run and gives back what writes the run's events into it.
 *
 * @param directory TensorBoard's `--logdir`: the file goes into `PAPER/EXPERIMENT/seed-N` below it.
 * @param now Milliseconds since 1970.
 */
export function followRun(directory: string, run: RunName, now: () => number): (event: LogEvent) => void {
  const start = now();
  const file = new EventFile(eventFilePath(directory, run, start), start);
  const read = createScalarReader(run.experiment.training);
  return (event) => {
    for (const scalars of read(event, now())) file.write(scalars);
  };
}

/** Writes the whole log of a run as an event file; the same log gives the same file. */
export function writeRunEvents(directory: string, run: RunName, log: readonly TimedEvent[]): void {
  const start = Date.parse(log[0]?.time ?? "1970-01-01T00:00:00Z");
  const file = new EventFile(eventFilePath(directory, run, start), start);
  const read = createScalarReader(run.experiment.training);
  for (const event of log) for (const scalars of read(event, Date.parse(event.time))) file.write(scalars);
}

function eventFilePath(directory: string, { experiment, seed }: RunName, time: number): string {
  const seconds = String(Math.floor(time / 1000)).padStart(10, "0");
  const name = `events.out.tfevents.${seconds}.relatum`;
  return join(directory, experiment.paper, experiment.name, `seed-${seed}`, name);
}
