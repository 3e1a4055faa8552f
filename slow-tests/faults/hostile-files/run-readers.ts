import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { PlantedDefect } from "./planted-defects.ts";
import type { Place } from "./readers.ts";

/** What the process of a worker is to do. */
export interface Job {
  readonly place: Place;
  /** One reader's name; all of the place without it. */
  readonly reader?: string;
  readonly seed: number;
  /** How many inputs, by reader. */
  readonly inputs: Readonly<Record<string, number>>;
  /** Inputs that may do harm before a reader is left. */
  readonly mostHarms: number;
  readonly defect?: PlantedDefect;
  /** Where to begin, after a worker that hung or died. */
  readonly from: { readonly reader: number; readonly number: number };
  /** Where the worker says what it is at. */
  readonly progressFile: string;
}

/** What a worker tells: an input that did harm, or that a reader is worked through. */
export type Told =
  | { readonly kind: "harm"; readonly reader: string; readonly number: number; readonly problem: string }
  | { readonly kind: "done"; readonly reader: string };

/** An input that did harm. */
export interface Harm {
  readonly reader: string;
  readonly number: number;
  readonly problem: string;
}

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** Seconds of computing after which an input counts as one that hangs a reader. */
const HANG_SECONDS = 6;

/** What all objects of a worker may take, in megabytes: little more than the libraries that it loads. */
const HEAP_MEGABYTES = 320;

/** Gives inputs to the readers of a place, in a new process after each that hangs or dies. */
export async function runReaders(
  settings: Omit<Job, "from" | "progressFile">,
  names: readonly string[],
): Promise<Harm[]> {
  const folder = mkdtempSync(join(tmpdir(), "relatum-hostile-runner-"));
  const harms: Harm[] = [];
  let from: Job["from"] = { reader: 0, number: 0 };
  try {
    for (;;) {
      const job: Job = { ...settings, from, progressFile: join(folder, "progress") };
      const end = await runWorker(job, harms);
      if (end === undefined) return harms;
      const reader = names[end.at.reader] ?? "";
      harms.push({ reader, number: end.at.number, problem: end.problem });
      const isLeft = harms.filter((harm) => harm.reader === reader).length >= settings.mostHarms;
      from = isLeft ? { reader: end.at.reader + 1, number: 0 } : { ...end.at, number: end.at.number + 1 };
      const { reader: next, number: done } = from;
      const isOver = names.slice(next).every((name, index) => (settings.inputs[name] ?? 0) <= (index === 0 ? done : 0));
      if (isOver) return harms;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs one worker; gives where it was and what happened, if it did not come to its end. */
async function runWorker(job: Job, harms: Harm[]): Promise<{ at: Job["from"]; problem: string } | undefined> {
  const loader = ["--conditions=@relatum/source", "--import", "tsx", `--max-old-space-size=${HEAP_MEGABYTES}`];
  const worker = spawn(process.execPath, [...loader, WORKER, JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaints = "";
  worker.stderr.on("data", (text) => (complaints = (complaints + String(text)).slice(-20_000)));
  const ended = new Promise<string>((resolve) =>
    worker.on("close", (code, signal) => resolve(signal ?? `code ${code}`)),
  );
  let hangs = false;
  const watch = watchForHang(worker.pid ?? 0, job.progressFile, () => {
    hangs = true;
    worker.kill("SIGKILL");
  });
  for await (const line of createInterface(worker.stdout)) {
    if (!line.startsWith("{")) continue;
    const told = JSON.parse(line) as Told;
    if (told.kind === "harm") harms.push(told);
  }
  const how = await ended;
  clearInterval(watch);
  if (how === "code 0") return undefined;
  const at = readProgress(job.progressFile);
  if (at === undefined) throw new Error(`The worker must start, but ended with ${how}: ${complaints}`);
  const memory = /heap out of memory/.test(complaints);
  const problem = hangs
    ? "hung"
    : memory
      ? "took too much memory"
      : `ended the process (${how}): ${lastLines(complaints)}`;
  return { at, problem };
}

/** Calls back if a process computes on one input for too long; time in which it waits or is stopped does not count. */
function watchForHang(pid: number, progressFile: string, callBack: () => void): NodeJS.Timeout {
  let since = { input: "", seconds: 0 };
  return setInterval(() => {
    const at = readProgress(progressFile);
    if (at === undefined) return;
    const [input, seconds] = [`${at.reader} ${at.number}`, secondsOf(pid)];
    if (input !== since.input) since = { input, seconds };
    else if (seconds - since.seconds > HANG_SECONDS) callBack();
  }, 250);
}

function readProgress(path: string): Job["from"] | undefined {
  try {
    const [reader, number] = readFileSync(path, "utf8").trim().split(" ").map(Number);
    return reader === undefined || number === undefined ? undefined : { reader, number };
  } catch {
    return undefined; // the worker has not come that far
  }
}

/** Seconds that a process has computed; where the system does not say, seconds that have gone by. */
function secondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return performance.now() / 1000;
  }
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-5).join(" | ");
}
