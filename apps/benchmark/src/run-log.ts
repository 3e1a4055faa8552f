import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Appends events to a file, a JSON object a line with the time first. */
export class RunLog {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
  }

  /** Writes one event at once, so that a killed run keeps its log. */
  write<Event extends { readonly kind: string }>(event: Event): void {
    appendFileSync(this.#path, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
  }
}
