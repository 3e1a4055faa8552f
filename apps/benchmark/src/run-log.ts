import { appendFileSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

import type { RunConfig } from "./run-directory.ts";
import type { RunScores, SplitScores } from "./scoring.ts";
import { eventShape, shapeProblem } from "./stored-shapes.ts";
import type { TrainingEvent } from "./training-progress.ts";
import { FileWriteError } from "./write-file.ts";

/** What a run writes down: its training's events, and what the runner does. */
export type LogEvent =
  | TrainingEvent
  | ({ readonly kind: "start" | "restart" } & RunConfig)
  | ({ readonly kind: "scores"; readonly split: string } & SplitScores)
  | { readonly kind: "stop" | "error" | "notice"; readonly message: string }
  | { readonly kind: "done"; readonly scores: RunScores };

/** An event as the log holds it: with the time, as `Date` prints it in JSON. */
export type TimedEvent = LogEvent & { readonly time: string };

/** Appends events to a file, a JSON object a line with the time first. */
export class RunLog {
  readonly #path: string;
  readonly #follow: (event: LogEvent) => void;

  /**
   * @param follow Gets each event too, after it is written.
   * @throws {FileWriteError} If the file cannot be written.
   */
  constructor(path: string, follow: (event: LogEvent) => void = () => undefined) {
    this.#path = path;
    this.#follow = follow;
    mkdirSync(dirname(path), { recursive: true });
    // What is written next must not be lost with a line that a full disk cut short.
    if (!endsInLine(path)) this.#append("\n");
  }

  /**
   * Writes one event at once, so that a killed run keeps its log.
   *
   * @throws {FileWriteError} If the file cannot be written.
   */
  write(event: LogEvent): void {
    this.#append(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
    this.#follow(event);
  }

  #append(text: string): void {
    try {
      appendFileSync(this.#path, text);
    } catch (cause) {
      throw new FileWriteError(this.#path, cause);
    }
  }
}

/** Whether a file is empty, not there, or ends with a whole line. */
function endsInLine(path: string): boolean {
  if (!existsSync(path)) return true;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size === 0) return true;
    const last = Buffer.alloc(1);
    readSync(file, last, 0, 1, size - 1);
    return last.toString() === "\n";
  } finally {
    closeSync(file);
  }
}

/** The events of a log in order; none where there is no file. Lines that hold no event, as one cut short, are passed over. */
export async function readRunLog(path: string): Promise<TimedEvent[]> {
  return existsSync(path) ? parseRunLog(await readFile(path, "utf8")) : [];
}

/** The events of a log's text; see {@link readRunLog}. */
export function parseRunLog(text: string): TimedEvent[] {
  return text.split("\n").flatMap((line): TimedEvent[] => {
    if (line === "") return [];
    try {
      const event: unknown = JSON.parse(line);
      return shapeProblem(eventShape, event) === undefined ? [event as TimedEvent] : [];
    } catch {
      return [];
    }
  });
}
