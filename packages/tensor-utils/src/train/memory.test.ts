import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

const WORKER = fileURLToPath(new URL("__fixtures__/memory-worker.ts", import.meta.url));

describe("a long training run", () => {
  it("takes no more memory after 1,000 steps of varying shapes than after 200", { timeout: 300_000 }, async () => {
    const options = ["--expose-gc", "--conditions=@relatum/source", "--import", "tsx"];

    const { stdout } = await promisify(execFile)(process.execPath, [...options, WORKER]);

    const [early, late] = JSON.parse(stdout) as [number, number];
    expect(late - early).toBeLessThan(24);
  });
});
