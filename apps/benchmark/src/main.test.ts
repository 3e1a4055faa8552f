import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TOY_ADAPTER } from "./__fixtures__/toy-context.ts";
import { runFiles } from "./run-directory.ts";

const CLI = fileURLToPath(new URL("cli.ts", import.meta.url));
const TSX = import.meta.resolve("tsx");
const STEPS = 20;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  const experiment = {
    name: "slow",
    paper: "toy",
    data: { dataset: "sample-world", documents: { train: STEPS, development: 2, test: 2 } },
    encoder: "none",
    config: { stepMilliseconds: 80 },
    training: { epochs: 1, batchSize: 1, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
  };
  const data = { name: "Files", format: "docred", train: "train.json", development: "dev.json" };
  await writeFile(join(root, "slow.json"), JSON.stringify(experiment));
  await writeFile(join(root, "files.json"), JSON.stringify({ ...experiment, data }));
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

function start(parts: readonly string[]): ChildProcess {
  const flags = ["--conditions=@relatum/source", "--import", TSX, CLI];
  const environment = { ...process.env, RELATUM_ENGINE: "cpu", npm_lifecycle_event: "bench" };
  return spawn(process.execPath, [...flags, "--adapter", TOY_ADAPTER, ...parts], { cwd: root, env: environment });
}

async function finish(child: ChildProcess): Promise<Ended> {
  let [out, error] = ["", ""];
  child.stdout?.on("data", (text) => (out += String(text)));
  child.stderr?.on("data", (text) => (error += String(text)));
  const [status] = (await once(child, "close")) as [number | null];
  return { status, out, error };
}

const call = (...parts: string[]): Promise<Ended> => finish(start(parts));

/** Waits until a run has taken a few steps. */
async function waitForSteps(directory: string, count: number): Promise<void> {
  for (;;) {
    const { log } = runFiles(directory);
    const steps = existsSync(log) ? (await readFile(log, "utf8")).split('"kind":"step"').length - 1 : 0;
    if (steps >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function stepsOf(directory: string): Promise<number[]> {
  const lines = (await readFile(runFiles(directory).log, "utf8")).trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as { kind: string; step: number })
    .filter(({ kind }) => kind === "step")
    .map(({ step }) => step);
}

describe("the command line", () => {
  it("prints help, of a command too, and exits with 0", async () => {
    const [whole, train] = await Promise.all([call("--help"), call("train", "--help")]);

    expect([whole.status, train.status]).toEqual([0, 0]);
    for (const name of ["prepare", "run", "train", "evaluate", "predict", "report"]) expect(whole.out).toContain(name);
    for (const name of ["--data", "--out", "--seed"]) expect(train.out).toContain(name);
  });

  it.each([
    ["an unknown command", ["trian"], "unknown command 'trian'"],
    ["a missing option", ["predict", "run", "--format", "docred"], "--file <file>"],
    ["an unknown format", ["evaluate", "run", "--file", "x", "--format", "csv"], "Allowed choices are docred"],
    ["a seed that is no number", ["train", "slow.json", "--seed", "x"], "It must be a whole number."],
    [
      "data that are not there",
      ["train", "files.json", "--data", "nowhere"],
      "Error: nowhere/train.json must be a file or directory, but is not there.",
    ],
    ["an experiment that is not there", ["train", "none.json"], "Error: none.json must be a readable file"],
  ])("exits with 1 and says what is wrong about %s", async (_, parts, message) => {
    const { status, error } = await call(...parts);

    expect(status).toBe(1);
    expect(error).toContain(message);
    expect(error).not.toContain("    at ");
  });

  it("shows where an error comes from when debugging", async () => {
    const { error } = await call("train", "none.json", "--debug");

    expect(error).toContain("    at ");
  });

  it.each(["SIGINT", "SIGTERM"] as const)("saves at %s, says how to go on, and goes on there", async (signal) => {
    const directory = join(root, signal);
    const parts = ["train", "slow.json", "--out", signal];
    const child = start(parts);
    const ended = finish(child);
    await waitForSteps(directory, 3);
    child.kill(signal);
    const { status, error } = await ended;
    const before = await stepsOf(directory);
    const resumed = await call(...parts);

    expect(status).toBe(130);
    expect(error).toContain(`To go on:\n  npm run bench -- --adapter ${TOY_ADAPTER} train slow.json --out ${signal}\n`);
    expect(before.length).toBeLessThan(STEPS);
    expect(resumed.status).toBe(0);
    expect(await stepsOf(directory)).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
    expect(resumed.out).toContain("development");
  });

  it("ends at once at the second Ctrl-C", async () => {
    await writeFile(
      join(root, "stuck.json"),
      JSON.stringify({
        ...(JSON.parse(await readFile(join(root, "slow.json"), "utf8")) as object),
        config: { stepMilliseconds: 60_000 },
      }),
    );
    const child = start(["train", "stuck.json", "--out", "stuck"]);
    const notice = new Promise<void>((resolve) => {
      child.stderr?.on("data", (text) => String(text).includes("Stopping") && resolve());
    });
    const ended = finish(child);
    while (!existsSync(runFiles(join(root, "stuck")).checkpoints)) await new Promise((go) => setTimeout(go, 20));
    child.kill("SIGINT");
    await notice;
    child.kill("SIGINT");

    expect((await ended).status).toBe(130);
  });

  it("goes on quietly when nobody reads its output any more", async () => {
    const child = start(["run", "--suite", "quick", "--paper", "toy"]);
    child.stdout?.destroy();
    const { status, error } = await finish(child);

    expect(status).toBe(0);
    expect(error).not.toContain("EPIPE");
    expect(existsSync(join(root, "runs", "results.json"))).toBe(true);
  });
});
