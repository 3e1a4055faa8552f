import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { FitEvent } from "./__fixtures__/tiny-regression.ts";
import type { FitReport } from "./fit-options.ts";

const WORKER = fileURLToPath(new URL("__fixtures__/training-worker.ts", import.meta.url));

interface Result {
  readonly kind: "result";
  readonly report: FitReport;
  readonly weights: number[][];
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "relatum-kill-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Trains in a process of its own, which is killed as soon as it tells of step `killAt`; gives all that it told. */
async function trainInProcess(run: string, accumulate: number, killAt?: number): Promise<(FitEvent | Result)[]> {
  const loader = ["--conditions=@relatum/source", "--import", "tsx"];
  const worker = spawn(process.execPath, [...loader, WORKER, join(directory, run), String(accumulate)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaints = "";
  worker.stderr.on("data", (text) => (complaints += String(text)));
  const ended = new Promise<string>((resolve) =>
    worker.on("close", (code, signal) => resolve(signal ?? `code ${code}`)),
  );
  const told: (FitEvent | Result)[] = [];
  for await (const line of createInterface(worker.stdout)) {
    const event = JSON.parse(line) as FitEvent | Result;
    told.push(event);
    if (event.kind === "step" && event.step === killAt) worker.kill("SIGKILL");
  }
  const expected = killAt === undefined ? "code 0" : "SIGKILL";
  const how = await ended;
  if (how !== expected) throw new Error(`The worker must end with ${expected}, got ${how}: ${complaints}`);
  return told;
}

describe("a training process that is killed and resumed", () => {
  it.each([
    // Seven batches an epoch, three epochs; saved at every second step and at the end of each epoch.
    { accumulate: 1, killAt: [1, 9, 14], steps: 21 },
    { accumulate: 2, killAt: [1, 7], steps: 12 },
  ])(
    "has the losses and weights of one that is not, bit for bit: $accumulate batches a step",
    { timeout: 300_000 },
    async ({ accumulate, killAt, steps }) => {
      const undisturbed = await trainInProcess("undisturbed", accumulate);
      const expected = new Map(undisturbed.flatMap((event) => (event.kind === "step" ? [[event.step, event]] : [])));

      const told: (FitEvent | Result)[] = [];
      for (const step of [...killAt, undefined]) told.push(...(await trainInProcess("killed", accumulate, step)));

      expect([...expected.keys()]).toEqual(Array.from({ length: steps }, (_, index) => index + 1));
      const repeated = told.filter((event) => event.kind === "step");
      expect(new Set(repeated.map(({ step }) => step))).toEqual(new Set(expected.keys()));
      for (const event of repeated) expect(event).toEqual(expected.get(event.step));
      // The first is killed before it saves, if the signal is fast; every later one goes on from a checkpoint.
      expect(told.filter(({ kind }) => kind === "resume").length).toBeGreaterThanOrEqual(killAt.length - 1);
      expect(told.at(-1)).toEqual(undisturbed.at(-1));
      expect(told.at(-1)).toMatchObject({ kind: "result", report: { bestEpoch: 2, steps } });
    },
  );
});
