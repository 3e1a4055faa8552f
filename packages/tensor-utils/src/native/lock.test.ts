import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { withLock } from "./lock.ts";

/** No process has this number: Linux gives out no more than 4,194,304. */
const NO_PROCESS = 99_999_999;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "relatum-lock-"));
  file = join(folder, "lock");
});
afterEach(() => rm(folder, { recursive: true }));

describe("withLock", () => {
  it("runs one action after the other, and names the process it waits for", async () => {
    const events: string[] = [];
    const action = (name: string) => async () => {
      events.push(`${name} starts`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      events.push(`${name} ends`);
    };
    const waited: string[] = [];

    const first = withLock(file, {}, action("first"));
    await new Promise((resolve) => setTimeout(resolve, 10));
    await withLock(file, { onWait: (holder) => waited.push(holder) }, action("second"));
    await first;

    expect(events).toEqual(["first starts", "first ends", "second starts", "second ends"]);
    expect(waited).toEqual([String(process.pid)]);
    expect(existsSync(file)).toBe(false);
  });

  it("takes over the lock of a process that no longer runs", async () => {
    await writeFile(file, `${hostname()} ${NO_PROCESS} 0`);

    const result = await withLock(file, {}, () => Promise.resolve("done"));

    expect(result).toBe("done");
    expect(existsSync(file)).toBe(false);
  });

  it("waits for a process of another machine, until it is told to stop", async () => {
    await writeFile(file, `another-machine ${NO_PROCESS} 0`);
    const stop = new AbortController();
    const onWait = () => stop.abort(new Error("stopped"));

    const waiting = withLock(file, { onWait, signal: stop.signal }, () => Promise.resolve());

    await expect(waiting).rejects.toThrow("stopped");
    expect(existsSync(file)).toBe(true);
  });

  it("frees the lock when the action fails", async () => {
    const failing = withLock(file, {}, () => Promise.reject(new Error("failed")));

    await expect(failing).rejects.toThrow("failed");
    expect(existsSync(file)).toBe(false);
  });
});
