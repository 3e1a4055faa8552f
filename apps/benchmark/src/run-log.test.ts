import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type LogEvent, readRunLog, RunLog } from "./run-log.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("RunLog", () => {
  it("writes events with the time, and passes each on", () => {
    const passed: LogEvent[] = [];
    const path = join(root, "log.jsonl");

    new RunLog(path, (event) => passed.push(event)).write({ kind: "stop", message: "by hand" });

    expect(passed).toEqual([{ kind: "stop", message: "by hand" }]);
    return expect(readRunLog(path)).resolves.toMatchObject([{ time: expect.any(String), kind: "stop" }]);
  });
});

describe("RunLog after a fault", () => {
  it("keeps what it writes apart from a line that was cut short", async () => {
    const path = join(root, "log.jsonl");
    await writeFile(path, '{"time":"2026-01-01T00:00:00Z","kind":"st');

    new RunLog(path).write({ kind: "stop", message: "x" });

    expect(await readRunLog(path)).toMatchObject([{ kind: "stop", message: "x" }]);
  });

  it("names the file that takes no line", async () => {
    const path = join(root, "log.jsonl");
    const log = new RunLog(path);
    await mkdir(path);

    expect(() => log.write({ kind: "stop", message: "x" })).toThrow(`${path} must be writable, got EISDIR`);
  });
});

describe("readRunLog", () => {
  it("passes over a last line that was cut short, and finds nothing where there is no file", async () => {
    const path = join(root, "log.jsonl");
    await writeFile(path, '{"time":"2026-01-01T00:00:00Z","kind":"stop","message":"x"}\n{"time":"2026-01');

    expect(await readRunLog(path)).toHaveLength(1);
    expect(await readRunLog(join(root, "none.jsonl"))).toEqual([]);
  });
});
