import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { SAVE_EVERY } from "./small-run.ts";

/** What ends a process: at once, or heeded after the step. */
export type Signal = "SIGKILL" | "SIGTERM" | "SIGINT";

/** A defect put into one built module of ours before it runs. */
export interface Plant {
  /** How the module's file name ends. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/** What happens just before an operation on the run's files. */
export interface Fault {
  /** Number of the operation, from 1. */
  readonly at?: number;
  /** Pattern of the operation's description: its name and its file within the run. */
  readonly match?: string;
  /** Which of the operations that match, from 1; the first without it. */
  readonly nth?: number;
  /** What the process sends to itself; with SIGKILL a write is left half done. */
  readonly signal?: Signal;
  /** A file that takes all the room there is. */
  readonly fill?: string;
}

/** How a signal comes from outside. */
export interface Kill {
  readonly signal: Signal;
  /** Lines that the log must have grown by. */
  readonly afterLines: number;
  /** Milliseconds to wait then. */
  readonly delay: number;
}

/** What is trained, where, and what befalls it. */
export interface TrainingOptions {
  readonly fault?: Fault | undefined;
  readonly kill?: Kill | undefined;
  readonly plant?: Plant | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

/** How a training process ended. */
export interface Ending {
  readonly status: number | null;
  /** The signal that the process itself ended by. */
  readonly signal: string | null;
  /** Whether the fault or the kill happened. */
  readonly isDisturbed: boolean;
  /** What the fault came before. */
  readonly moment: string;
  /** All that was printed on standard error, without what TensorFlow says. */
  readonly said: string;
}

const CLI = fileURLToPath(new URL("../../../apps/benchmark/dist/cli.js", import.meta.url));
const preload = (name: string): string[] => ["--import", new URL(`preload/${name}`, import.meta.url).href];

/** How often the log is looked at, in milliseconds. */
const POLL = 5;

/** Trains an experiment in a run folder by the real command line, in a process of its own. */
export async function train(experiment: string, run: string, options: TrainingOptions = {}): Promise<Ending> {
  const { environment, fault, kill, plant } = options;
  const modules = [...(fault ? preload("fault.mjs") : []), ...(plant ? preload("plant.mjs") : [])];
  const words = [CLI, "train", experiment, "--out", run, "--save-every", String(SAVE_EVERY)];
  const child = spawn(process.execPath, [...modules, ...words], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      TF_CPP_MIN_LOG_LEVEL: "2",
      ...environment,
      ...(fault && { RELATUM_FAULT: JSON.stringify({ folder: run, ...fault }) }),
      ...(plant && { RELATUM_PLANT: JSON.stringify(plant) }),
    },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  let killed = false;
  const stopWatching = kill === undefined ? undefined : watch(run, kill, () => (killed = child.kill(kill.signal)));
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve, reject) =>
    child.on("error", reject).on("close", (code, name) => resolve([code, name])),
  );
  stopWatching?.();
  const moment = /^fault: before (.*)$/m.exec(said)?.[1];
  const own = said.split("\n").filter((line) => !/^(?:fault:|WARNING: All log|[IWE]0000 )/.test(line));
  return { status, signal, isDisturbed: killed || moment !== undefined, moment: moment ?? "", said: own.join("\n") };
}

/** Calls back once the log has grown by enough lines and the time is over; gives back what ends the watch. */
function watch(run: string, { afterLines, delay }: Kill, callBack: () => void): () => void {
  const before = countLines(run);
  let timer = setInterval(() => {
    if (countLines(run) < before + afterLines) return;
    clearInterval(timer);
    timer = setTimeout(callBack, delay);
  }, POLL);
  return () => clearInterval(timer);
}

function countLines(run: string): number {
  const path = join(run, "log.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}
