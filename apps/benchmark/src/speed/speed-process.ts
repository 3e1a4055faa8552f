import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

import { z } from "zod";

import type { Job } from "./job.ts";
import { SpeedError } from "./speed-error.ts";

/** How a process is started. */
export interface ProcessCommand {
  /** What messages call it. */
  readonly name: string;
  readonly program: string;
  readonly parameters: readonly string[];
  /** Added to this process's own variables. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What is known before the first repetition. */
export interface Preparation {
  /** To check by. */
  readonly numbers: readonly number[];
  /** What one repetition reads: documents, sentences or texts. */
  readonly count?: number | undefined;
}

/** How one repetition went. */
export interface Repetition {
  readonly seconds: number;
  /** A number to check by, where the work gives one each time. */
  readonly value?: number | undefined;
}

/** What a process may be asked, a line of JSON each. */
export type Request =
  | { readonly ask: "prepare"; readonly job: Job }
  | { readonly ask: "run" }
  | { readonly ask: "matmul"; readonly size: number };

const preparedShape = z.object({ numbers: z.array(z.number()), count: z.number().optional() });
const runShape = z.object({ seconds: z.number(), peakBytes: z.number(), value: z.number().optional() });
const matmulShape = z.object({ gigaflops: z.number() });
const errorShape = z.object({ error: z.string() });

/** Characters of the error stream that are kept for messages. */
const KEPT_CHARACTERS = 2000;

/** A process that prepares work once and then does it when asked to; between requests it sleeps. */
export class SpeedProcess {
  readonly name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<string>;
  readonly #answers: AsyncIterator<string>;
  #complaint = "";
  #peakBytes = 0;

  constructor({ name, program, parameters, environment }: ProcessCommand, signal: AbortSignal) {
    this.name = name;
    this.#child = spawn(program, parameters, { env: { ...process.env, ...environment }, signal });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-KEPT_CHARACTERS);
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("close", (status, killer) => resolve(`it ended with ${killer ?? `status ${status}`}`));
    });
    // A process that ends while it is written to: `#ask` says so.
    this.#child.stdin.on("error", () => undefined);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Prepares the work. */
  async prepare(job: Job): Promise<Preparation> {
    return this.#ask({ ask: "prepare", job }, preparedShape);
  }

  /** Does the work once. */
  async run(): Promise<Repetition> {
    const { seconds, peakBytes, value } = await this.#ask({ ask: "run" }, runShape);
    this.#peakBytes = peakBytes;
    return { seconds, value };
  }

  /** Multiplies two float32 matrices of a size a few times; gives the best rate in thousand million operations a second. */
  async matmulGigaflops(size: number): Promise<number> {
    return (await this.#ask({ ask: "matmul", size }, matmulShape)).gigaflops;
  }

  /** The largest resident memory so far in bytes: as the system says, or else the process itself. */
  async peakBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8").catch(() => "");
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    return kilobytes === undefined ? this.#peakBytes : Number(kilobytes) * 1024;
  }

  /** Ends the process. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    this.#child.kill();
    await this.#ended;
  }

  async #ask<T>(request: Request, shape: z.ZodType<T>): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    for (;;) {
      const next = await this.#answers.next();
      if (next.done === true) {
        const detail = this.#complaint.trim();
        throw new SpeedError(`${this.name} must answer, but ${await this.#ended}.${detail && `\n${detail}`}`);
      }
      const answer = parseLine(next.value);
      const failed = errorShape.safeParse(answer);
      if (failed.success) throw new SpeedError(`${this.name} failed: ${failed.data.error}`);
      const checked = shape.safeParse(answer);
      if (checked.success) return checked.data;
      // Anything else is what a library printed.
    }
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
