import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { copyRepository, pathOf, removeCopy, runCommand } from "./tools/repository-copy.ts";

const turbo = join(dirname(fileURLToPath(import.meta.url)), "node_modules", "turbo", "bin", "turbo");

interface Task {
  readonly taskId: string;
  readonly hash: string;
  readonly command: string;
  readonly dependencies: readonly string[];
}

let copy: string;
beforeAll(() => {
  copy = copyRepository();
}, 120_000);
afterAll(() => removeCopy(copy));

/** What turbo would run, by name. */
async function plan(words: readonly string[], variables: Record<string, string> = {}): Promise<Map<string, Task>> {
  const output = await runCommand(process.execPath, [turbo, "run", ...words, "--dry=json"], {
    folder: copy,
    variables: { DO_NOT_TRACK: "1", TURBO_TELEMETRY_DISABLED: "1", PATH: pathOf(copy), ...variables },
  });
  const { tasks } = JSON.parse(output.slice(output.indexOf("{"))) as { tasks: readonly Task[] };
  return new Map(tasks.map((task) => [task.taskId, task]));
}

/** The benchmarks that would run again after a change, by package. */
async function rerunAfter(change: () => void, variables?: Record<string, string>): Promise<string[]> {
  const before = await plan(["benchmark"]);
  change();
  const after = await plan(["benchmark"], variables);
  const benchmarks = [...after.values()].filter(({ taskId, command }) => isBenchmark(taskId, command));
  const changed = benchmarks.filter(({ taskId, hash }) => before.get(taskId)?.hash !== hash);
  return changed.map(({ taskId }) => taskId.replace(/^@relatum\/|#benchmark$/g, "")).toSorted();
}

const isBenchmark = (taskId: string, command: string): boolean =>
  taskId.endsWith("#benchmark") && command !== "<NONEXISTENT>";

const change = (path: string): void => appendFileSync(join(copy, path), "\n");

describe("the benchmark pipeline", () => {
  it("has every paper's benchmark before the report, and builds before each", async () => {
    const tasks = await plan(["benchmark", "report"]);

    const papers = [...tasks.values()].filter(({ taskId, command }) => isBenchmark(taskId, command));
    expect(papers.length).toBeGreaterThanOrEqual(3);
    expect(tasks.get("@relatum/benchmark#report")?.dependencies).toEqual(
      expect.arrayContaining(papers.map(({ taskId }) => taskId)),
    );
    for (const { taskId, dependencies } of papers) expect(dependencies).toContain(taskId.replace(/\w+$/, "build"));
  });

  it("runs one paper alone under --filter", async () => {
    const tasks = await plan(["benchmark", "report", "--filter=@relatum/atlop"]);

    const names = [...tasks.values()].filter(({ command }) => command !== "<NONEXISTENT>").map(({ taskId }) => taskId);
    expect(names.filter((name) => !name.endsWith("#build"))).toEqual(["@relatum/atlop#benchmark"]);
  });

  it.each([
    ["a paper's source", "packages/gain/src/model.ts", ["gain"]],
    ["a paper's experiment", "packages/pure/benchmark/experiments/sample-world-pure.json", ["pure"]],
    ["a paper's README", "packages/gain/README.md", []],
    ["another package's README", "packages/datasets/README.md", []],
    ["the source of a shared package", "packages/datasets/src/sample-world.ts", ["atlop", "gain", "pure"]],
  ])("runs again what a change of %s concerns", async (_, path, papers) => {
    expect(await rerunAfter(() => change(path))).toEqual(papers);
  });

  it("runs again where the data, the suite or the engine are others", async () => {
    const all = ["atlop", "gain", "pure"];
    const data = join(copy, "data", "cdr", "train.data");
    mkdirSync(dirname(data), { recursive: true });

    const afterData = await rerunAfter(() => writeFileSync(data, "one"));
    const afterOtherData = await rerunAfter(() => writeFileSync(data, "two"));
    const afterSuite = await rerunAfter(() => undefined, { RELATUM_SUITE: "lite" });
    const afterEngine = await rerunAfter(() => undefined, { RELATUM_ENGINE: "cpu" });

    expect([afterData, afterOtherData, afterSuite, afterEngine]).toEqual([all, all, all, all]);
  });

  it("tells the runner the revision, under which a changed paper starts anew and an interrupted one goes on", () => {
    const { scripts } = JSON.parse(readFileSync(join(copy, "packages/gain/package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };

    expect(scripts["benchmark"]).toMatch(/ --revision=\$TURBO_HASH$/);
  });
});
