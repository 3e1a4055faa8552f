import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { SpeedEntry } from "./speed-report.ts";
import { keepSpeed, mergeSpeed, readKeptSpeed, readSpeed } from "./speed-results.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const entryOf = (name: string, ratio: number): SpeedEntry => {
  return { case: name, peer: "relatum", ratio, memoryRatio: 1, oursSeconds: ratio, peerSeconds: 1, count: 8 };
};
const rowOf = (table: string, size: number): object => ({ table, size, seconds: 1, peakBytes: 2 });

describe("readSpeed", () => {
  it("takes cases and growth apart", async () => {
    await writeFile(join(root, "speed.json"), JSON.stringify([entryOf("one", 0.5), rowOf("words", 2)]));

    expect(await readSpeed(join(root, "speed.json"))).toEqual({
      cases: [entryOf("one", 0.5)],
      growth: [rowOf("words", 2)],
    });
  });

  it("names a file that holds something else", async () => {
    await writeFile(join(root, "speed.json"), JSON.stringify([{ case: "one" }]));

    await expect(readSpeed(join(root, "speed.json"))).rejects.toThrow("speed.json must be what speed --json writes");
  });
});

describe("keepSpeed", () => {
  it("keeps what is measured again in its place, and growth tables whole", async () => {
    const first = { cases: [entryOf("one", 0.5), entryOf("two", 0.5)], growth: [rowOf("words", 1), rowOf("words", 2)] };
    const second = { cases: [entryOf("one", 0.25)], growth: [rowOf("words", 4)] };
    const [old, added] = [first, second] as unknown as [ReturnType<typeof mergeSpeed>, ReturnType<typeof mergeSpeed>];

    await keepSpeed(root, mergeSpeed(old, [added]));

    expect(await readKeptSpeed(root)).toEqual({
      cases: [entryOf("one", 0.25), entryOf("two", 0.5)],
      growth: [rowOf("words", 4)],
    });
    expect(await readKeptSpeed(join(root, "elsewhere"))).toEqual({ cases: [], growth: [] });
  });
});
