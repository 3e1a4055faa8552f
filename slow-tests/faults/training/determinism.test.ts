import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

import { recordFault } from "../record.ts";
import { PAPERS } from "./small-run.ts";
import type { Plant } from "./training-process.ts";

const HOURS = 3_600_000;
const STEPS = 50;
/** How far losses may be apart on different engines, as a share of the loss where that is above 1. */
const TOLERANCE = 1e-4;
const ENGINES = ["graphs", "eager", "wasm", "cpu"] as const;
type Engine = (typeof ENGINES)[number];

/** Losses of each step, by paper. */
type Losses = Readonly<Record<string, readonly number[]>>;

interface WorkerOptions {
  readonly size: "tiny" | "small";
  readonly threads?: number;
  readonly plant?: Plant;
}

const WORKER = fileURLToPath(new URL("determinism-worker.ts", import.meta.url));
const PLANT = new URL("preload/plant.mjs", import.meta.url).href;

/** A draw from outside the seeded stream. */
const STRAY: Plant = {
  file: "/train/fit.js",
  find: "options.random.fork(`step ${progress.step}`)",
  put: "options.random.fork(`step ${Math.random()}`)",
};

/** An optimizer that differs from the papers' in one engine alone. */
const CROOKED: Plant = { file: "/train/adam-w.js", find: "0.999", put: "0.99" };

/** Trains the papers' models in a process of its own, kept to a number of threads. */
async function train(engine: Engine, { size, threads, plant }: WorkerOptions): Promise<Losses> {
  const words = ["--import", "tsx", ...(plant ? ["--import", PLANT] : []), WORKER, engine, size];
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    maxBuffer: 2 ** 26,
    env: {
      ...process.env,
      TF_CPP_MIN_LOG_LEVEL: "2",
      ...(threads && { TF_NUM_INTRAOP_THREADS: String(threads), OMP_NUM_THREADS: String(threads) }),
      ...(plant && { RELATUM_PLANT: JSON.stringify(plant) }),
    },
  });
  return JSON.parse(stdout.slice(stdout.indexOf("{"))) as Losses;
}

/** The greatest difference between the losses of one paper, as a share of the loss where that is above 1. */
function distance(one: Losses, other: Losses, paper: string): number {
  const [left, right] = [one[paper] ?? [], other[paper] ?? []];
  return left.slice(0, STEPS).reduce((most, loss, step) => {
    const apart = Math.abs(loss - (right[step] ?? Infinity)) / Math.max(1, Math.abs(loss));
    return Math.max(most, apart);
  }, 0);
}

describe("the same seed on the same machine", () => {
  it.each([1, 2])("gives the same losses to the last bit: %i threads", { timeout: HOURS }, async (threads) => {
    const first = await train("graphs", { size: "small", threads });
    const second = await train("graphs", { size: "small", threads });

    const equal = PAPERS.filter((paper) => JSON.stringify(first[paper]) === JSON.stringify(second[paper]));
    recordFault({
      area: "Determinism",
      fault: `trained twice with ${threads} thread${threads === 1 ? "" : "s"}: every loss the same to the bit`,
      tried: PAPERS.length,
      survived: equal.length,
      lost: 0,
      planted: "a draw from outside the seeded stream",
      seed: 1,
    });
    expect(second).toEqual(first);
    expect(Object.keys(first)).toEqual([...PAPERS]);
  });

  it("does not, and that is seen, with a draw from outside the seeded stream", { timeout: HOURS }, async () => {
    const first = await train("eager", { size: "tiny" });
    const second = await train("eager", { size: "tiny", plant: STRAY });

    for (const paper of PAPERS) expect(second[paper]).not.toEqual(first[paper]);
  });
});

describe("the same seed on different engines", () => {
  it(`gives the same losses within ${TOLERANCE}, over ${STEPS} steps`, { timeout: HOURS }, async () => {
    const losses = new Map<Engine, Losses>();
    for (const engine of ENGINES) losses.set(engine, await train(engine, { size: "tiny" }));
    const reference = losses.get("graphs") as Losses;

    const distances = ENGINES.slice(1).flatMap((engine) =>
      PAPERS.map((paper) => ({ engine, paper, apart: distance(reference, losses.get(engine) as Losses, paper) })),
    );

    console.log(
      distances.map(({ engine, paper, apart }) => `${paper} on ${engine}: ${apart.toExponential(1)}`).join("\n"),
    );
    recordFault({
      area: "Determinism",
      fault: `${STEPS} steps on ${ENGINES.slice(1).join(", ")} against native graphs: losses within ${TOLERANCE}`,
      tried: distances.length,
      survived: distances.filter(({ apart }) => apart <= TOLERANCE).length,
      lost: 0,
      planted: "another decay of Adam's second mean on one engine",
      seed: 1,
    });
    for (const paper of PAPERS) expect(reference[paper]?.length).toBeGreaterThanOrEqual(STEPS);
    for (const one of distances) expect(one.apart, `${one.paper} on ${one.engine}`).toBeLessThanOrEqual(TOLERANCE);
  });

  it("does not, and that is seen, with another optimizer on one of them", { timeout: HOURS }, async () => {
    const straight = await train("eager", { size: "tiny" });
    const crooked = await train("eager", { size: "tiny", plant: CROOKED });

    for (const paper of PAPERS) expect(distance(straight, crooked, paper)).toBeGreaterThan(TOLERANCE);
  });
});
