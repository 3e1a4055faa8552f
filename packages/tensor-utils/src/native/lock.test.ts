import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
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

  it("takes over the lock of an older process that had the number of this one", async () => {
    await writeFile(file, `${hostname()} ${process.pid} 0`);

    expect(await withLock(file, {}, () => Promise.resolve("done"))).toBe("done");
  });

  it("takes over a lock whose holder has shown no sign for long, whatever has its number now", async () => {
    await writeFile(file, `${hostname()} ${process.ppid} 0`);
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(file, anHourAgo, anHourAgo);

    expect(await withLock(file, {}, () => Promise.resolve("done"))).toBe("done");
  });

  it("lets one after the other in when many find a lock that was left behind", async () => {
    await writeFile(file, `${hostname()} ${NO_PROCESS} 0`);
    let [inside, most] = [0, 0];
    const action = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
    };

    await Promise.all(Array.from({ length: 8 }, () => withLock(file, {}, action)));

    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
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
