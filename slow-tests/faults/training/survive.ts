import { join } from "node:path";

import { findDifferences, findUnsound, type Outcome, readContinuation } from "./outcome.ts";
import { SAVE_EVERY } from "./small-run.ts";
import { type Ending, type Fault, type Kill, type Plant, type Signal, train } from "./training-process.ts";

/** One way to end a training process. */
export interface Death {
  readonly signal: Signal;
  readonly fault?: Fault;
  readonly kill?: Kill;
}

/** What became of a number of deaths. */
export interface Survival {
  /** Processes that were ended. */
  readonly deaths: number;
  /** Deaths by what they came before; those from outside come by the signal alone. */
  readonly moments: Readonly<Record<string, number>>;
  /** Whatever was not as it must be. */
  readonly problems: readonly string[];
  /** Steps that were done again, beyond those since the last checkpoint. */
  readonly lostSteps: number;
  /** Runs that were brought to their end. */
  readonly runs: number;
}

/** Where and what is trained. */
export interface SurvivalOptions {
  readonly experiment: string;
  /** Takes a folder for each run. */
  readonly folder: string;
  readonly expected: Outcome;
  readonly plant?: Plant;
  /** Takes what is known after each run that was brought to its end. */
  readonly report?: (survival: Survival) => void;
}

/** Ends training processes one after the other, each going on where the one before died, and looks at what is left. */
export async function survive(deaths: readonly Death[], options: SurvivalOptions): Promise<Survival> {
  const { experiment, folder, expected, plant, report } = options;
  const waiting = [...deaths];
  const moments: Record<string, number> = {};
  const problems: string[] = [];
  let [deathCount, lostSteps, runs] = [0, 0, 0];
  const survival = (): Survival => ({ deaths: deathCount, moments, problems: [...new Set(problems)], lostSteps, runs });
  // A run that is over before the moment of its death has come leaves that to the next one.
  while (waiting.length > 0 && runs < deaths.length) {
    const run = join(folder, `run-${runs}`);
    // Steps that may have to be taken again: none after a signal that was heeded.
    let allowed = 0;
    for (;;) {
      const death = waiting[0];
      const ending = await train(experiment, run, { ...death, plant });
      const { taken, repeated } = readContinuation(run);
      lostSteps += Math.max(0, repeated - allowed);
      if (!ending.isDisturbed || ending.status === 0) {
        if (ending.status !== 0) problems.push(`${run} ended with ${ending.status ?? ending.signal}: ${ending.said}`);
        break;
      }
      waiting.shift();
      deathCount += 1;
      const moment = `${death?.signal} ${describeMoment(ending.moment)}`;
      moments[moment] = (moments[moment] ?? 0) + 1;
      const found = [...describeEnding(ending, death?.signal), ...findUnsound(run)];
      problems.push(...found.map((problem) => `${run}, ${moment}: ${problem}`));
      if (taken > 0) allowed = ending.status === 130 ? 0 : SAVE_EVERY;
    }
    problems.push(...findDifferences(expected, run).map((difference) => `${run}: ${difference}`));
    runs += 1;
    report?.(survival());
  }
  return survival();
}

/** Takes names and numbers of single files out of what a fault came before. */
function describeMoment(moment: string): string {
  if (moment === "") return "from outside";
  return `before ${moment
    .replace(/checkpoint-\d+/, "checkpoint-N")
    .replace(/\.\d+\.partial/, ".partial")
    .replace(/whole-\w+/, "whole")}`;
}

function describeEnding({ status, signal, said }: Ending, expected: Signal | undefined): string[] {
  // A signal that comes before the handlers are there, or SIGKILL, ends the process itself.
  if (signal === expected || (expected !== "SIGKILL" && status === 130)) return [];
  return [`ended with ${status ?? signal}: ${said}`];
}
