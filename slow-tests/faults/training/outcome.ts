import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** An event of a run's log, as far as it is looked at here. */
export interface LoggedEvent {
  readonly kind: string;
  readonly stage?: string;
  readonly epoch?: number;
  readonly step?: number;
  readonly skipped?: readonly string[];
  readonly message?: string;
}

/** What a finished run has left: what happened in each step and epoch, and the hash of each file, by name. */
export type Outcome = ReadonlyMap<string, string>;

/** Files that tell of the machine's time or of the way that the run took. */
const TELLING = /^(?:log\.jsonl|config\.json)$/;

/** Reads the log of a run; a line that was cut short is passed over. */
export function readEvents(run: string): LoggedEvent[] {
  const path = join(run, "log.jsonl");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line): LoggedEvent[] => {
      try {
        return [JSON.parse(line) as LoggedEvent];
      } catch {
        return [];
      }
    });
}

/** Reads what a finished run has left. */
export function readOutcome(run: string): Outcome {
  const outcome = new Map<string, string>(filesOf(run).map((name) => [`file ${name}`, hashOf(join(run, name))]));
  for (const event of readEvents(run)) if (nameOf(event) !== undefined) outcome.set(nameOf(event)!, contentOf(event));
  return outcome;
}

/** Tells how a finished run differs from the undisturbed one: in any step it took, however often, or in what it left. */
export function findDifferences(expected: Outcome, run: string): string[] {
  const found = readOutcome(run);
  const repeated = readEvents(run).filter((event) => {
    const name = nameOf(event);
    return name !== undefined && expected.get(name) !== contentOf(event);
  });
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  return [
    ...names.filter((name) => !found.has(name)).map((name) => `${name} is missing`),
    ...names.filter((name) => !expected.has(name)).map((name) => `${name} is there besides`),
    ...names
      .filter((name) => found.has(name) && expected.has(name) && found.get(name) !== expected.get(name))
      .map((name) => `${name} is another`),
    ...repeated.map((event) => `${nameOf(event)} was once ${contentOf(event)}`),
  ];
}

/**
 * Tells what is unsound in the folder of a run that was just killed: what bears the name of something whole and is not,
 * and damaged checkpoints that earlier resumptions passed over, which a kill must never leave.
 */
export function findUnsound(run: string): string[] {
  if (!existsSync(run)) return [];
  const checkpoints = readdirSync(run, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(?:^|\/)checkpoint-\d+$/.test(name),
  );
  const skipped = readEvents(run).flatMap((event) => event.skipped ?? []);
  return [
    ...checkpoints.filter((name) => !isWhole(join(run, name))).map((name) => `${name} is not whole`),
    ...skipped.map((reason) => `a checkpoint was passed over: ${reason}`),
    ...["config.json", "scores.json", "train-facts.json", "model/config.json"]
      .filter((name) => existsSync(join(run, name)) && !isJson(join(run, name)))
      .map((name) => `${name} is not whole`),
    ...(existsSync(join(run, "model")) && !existsSync(join(run, "model", "config.json")) ? ["model is not whole"] : []),
  ];
}

/** How the last process of a run went on: with how many steps, of which how many had been done before. */
export function readContinuation(run: string): { readonly taken: number; readonly repeated: number } {
  const events = readEvents(run);
  const start = events.findLastIndex(({ kind }) => kind === "restart");
  const taken = events.slice(start + 1).filter(({ kind }) => kind === "step");
  const first = taken[0];
  const before = events
    .slice(0, Math.max(start, 0))
    .findLast(({ kind, stage }) => kind === "step" && stage === first?.stage);
  return {
    taken: taken.length,
    repeated: Math.max(0, (before?.step ?? 0) - ((first?.step ?? Infinity) - 1)),
  };
}

/** The hash of every file of a folder, by name. */
export function hashFiles(folder: string): Record<string, string> {
  return Object.fromEntries(filesOf(folder, /^$/).map((name) => [name, hashOf(join(folder, name))]));
}

function nameOf({ kind, stage = "", epoch, step }: LoggedEvent): string | undefined {
  if (kind === "step") return `${stage} step ${step}`;
  return kind === "epoch" ? `${stage} epoch ${epoch}` : undefined;
}

function contentOf(event: LoggedEvent): string {
  return JSON.stringify({ ...event, time: undefined });
}

function filesOf(folder: string, leftOut = TELLING): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => !leftOut.test(name))
    .toSorted();
}

function isWhole(checkpoint: string): boolean {
  try {
    const { sha256, manifest } = JSON.parse(readFileSync(join(checkpoint, "manifest.json"), "utf8")) as {
      sha256: string;
      manifest: string;
    };
    const { files } = JSON.parse(manifest) as { files: Record<string, { sha256: string }> };
    const agrees = ([part, file]: [string, { sha256: string }]): boolean =>
      hashOf(join(checkpoint, `${part}.safetensors`)) === file.sha256;
    return createHash("sha256").update(manifest).digest("hex") === sha256 && Object.entries(files).every(agrees);
  } catch {
    return false;
  }
}

function isJson(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, "utf8"));
    return true;
  } catch {
    return false;
  }
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
