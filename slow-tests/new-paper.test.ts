import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  cleanEnvironment,
  CommandError,
  copyRepository,
  git,
  pathOf,
  removeCopy,
  runCommand,
} from "../tools/repository-copy.ts";

const commands = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules", ".bin");

const CITATION = 'Nobody and "Someone": Relations by entity types. Nowhere 2021.';
const EXPERIMENT = "packages/example/benchmark/experiments/sample-world-example.json";
const RUN = "packages/example/runs/quick/example/sample-world-example/seed-66";

let copy: string;
/** What git says has changed once the generator is done, before packages are installed. */
let changed: string[];
let obstacle: string | undefined;

beforeAll(async () => {
  copy = copyRepository();
  try {
    await run("pnpm", ["install", "--frozen-lockfile", "--prefer-offline"]);
    // What `turbo gen paper` calls, without fetching it.
    await run(join(commands, "gen"), ["run", "paper", "--args", "example", "EXAMPLE", CITATION]);
    changed = status();
    await run("pnpm", ["install", "--prefer-offline"]);
  } catch (error) {
    obstacle = error instanceof CommandError ? error.obstacle : undefined;
    if (obstacle === undefined) throw error;
    console.log(
      `The generated package is not tested: packages are neither in the cache nor to be fetched (${obstacle}).`,
    );
  }
});
afterAll(() => removeCopy(copy));

const run = (command: string, words: readonly string[]): Promise<string> =>
  runCommand(command, words, { folder: copy, variables: { PATH: pathOf(copy) } });

/** The changed files; a new folder counts once. */
function status(): string[] {
  const lines = git(copy, ["status", "--porcelain"]).split("\n");
  return lines.filter((line) => line !== "").map((line) => line.slice(3));
}

/** The steps of the run, in the order in which they were taken, with its starts between them. */
function readLog(): { kind: string; step?: number }[] {
  const path = join(copy, RUN, "log.jsonl");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as { kind: string; step?: number });
}

const benchmark = (...words: string[]): Promise<string> =>
  run("turbo", ["run", "benchmark", "--filter=@relatum/example", ...words]);

describe("turbo gen paper", () => {
  it("changes no shared file but turbo.json and tsconfig.json, and on installing the lockfile", ({ skip }) => {
    skip(obstacle !== undefined, obstacle);

    const generated = [".changeset/first-example.md", "packages/example/"];
    expect(changed.toSorted()).toEqual([...generated, "tsconfig.json", "turbo.json"]);
    expect(status().toSorted()).toEqual([...generated, "pnpm-lock.yaml", "tsconfig.json", "turbo.json"]);
  });

  it("makes a package that builds, is formatted, and keeps to the lint rules", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);

    await run("tsc", ["-b"]);
    const format = run("oxfmt", ["--check", "packages/example", "turbo.json", "tsconfig.json"]);
    const lint = run("oxlint", ["--type-aware", "--deny-warnings", "packages/example"]);

    await expect(format).resolves.toContain("All matched files use the correct format.");
    await expect(lint).resolves.toContain("Found 0 warnings and 0 errors.");
  });

  it("makes a package that passes the conventions and its own tests", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);

    const output = await run("vitest", ["run", "conventions.test.ts", "packages/example"]);

    expect(output).toContain("conventions.test.ts");
    expect(output).toContain("packages/example/src/train.test.ts");
  });

  it("makes a package that runs in the pipeline, once", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);

    const first = await benchmark();
    const second = await benchmark();

    expect(first).toMatch(/@relatum\/example:benchmark: cache miss/);
    expect(first).toMatch(/EXAMPLE +full +sample-world +test +untrained +[1-9]/);
    expect(second).toMatch(/@relatum\/example:benchmark: cache hit/);
    expect(second).toMatch(/EXAMPLE +full +sample-world +test +untrained +[1-9]/);
  });

  it("is part of the report", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);

    const output = await run("turbo", ["run", "report", "--dry=json"]);

    expect(output).toContain('"@relatum/example#benchmark"');
  });

  it("goes on after an interruption where it was, and starts anew after a change", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const experiment = JSON.parse(readFileSync(join(copy, EXPERIMENT), "utf8")) as { training: { epochs: number } };
    // 120 epochs of 15 steps: time enough to stop in the middle.
    const many = { ...experiment, training: { ...experiment.training, epochs: 120 } };
    writeFileSync(join(copy, EXPERIMENT), JSON.stringify(many));

    await interruptAfterSteps(100);
    const stopped = stepsOf(readLog());
    await benchmark();
    const log = readLog();

    const states = ["start", "stop", "restart", "resume", "done"];
    expect(log.map(({ kind }) => kind).filter((kind) => states.includes(kind))).toEqual(states);
    expect(stopped.length).toBeLessThan(1800);
    expect(stepsOf(log)).toEqual(Array.from({ length: 1800 }, (_, index) => index + 1));
  });
});

function stepsOf(log: readonly { kind: string; step?: number }[]): (number | undefined)[] {
  return log.filter(({ kind }) => kind === "step").map(({ step }) => step);
}

/** Runs the benchmark and stops it in the middle of its training, as Ctrl-C does. */
async function interruptAfterSteps(count: number): Promise<void> {
  const child: ChildProcess = spawn("turbo", ["run", "benchmark", "--filter=@relatum/example"], {
    cwd: copy,
    env: { ...cleanEnvironment(), PATH: pathOf(copy) },
    detached: true,
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  while (stepsOf(readLog()).length < count || readLog().some(({ kind }) => kind === "done")) {
    if (child.exitCode !== null) throw new Error("The benchmark must not end by itself.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.kill(-(child.pid as number), "SIGINT");
  await ended;
}
