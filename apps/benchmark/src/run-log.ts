import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

import type { RunConfig } from "./run-directory.ts";
import type { RunScores, SplitScores } from "./scoring.ts";
import type { TrainingEvent } from "./training-progress.ts";

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

  /** @param follow Gets each event too, after it is written. */
  constructor(path: string, follow: (event: LogEvent) => void = () => undefined) {
    this.#path = path;
    this.#follow = follow;
    mkdirSync(dirname(path), { recursive: true });
  }

  /** Writes one event at once, so that a killed run keeps its log. */
  write(event: LogEvent): void {
    appendFileSync(this.#path, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
    this.#follow(event);
  }
}

/** The events of a log in order; none where there is no file. A last line that was cut short is passed over. */
export async function readRunLog(path: string): Promise<TimedEvent[]> {
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  return lines.flatMap((line): TimedEvent[] => {
    try {
      return [JSON.parse(line) as TimedEvent];
    } catch {
      return [];
    }
  });
}
