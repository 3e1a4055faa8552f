import { describe, expect, it } from "vitest";

import { fakeSide } from "./__fixtures__/fake-side.ts";
import type { Job } from "./job.ts";
import { type ProcessCommand, SpeedProcess } from "./speed-process.ts";

const job: Job = { kind: "tokenize", engine: "cpu", encoder: "", threads: 1, workspace: "" };

async function withProcess<T>(command: ProcessCommand, use: (running: SpeedProcess) => Promise<T>): Promise<T> {
  const running = new SpeedProcess(command, new AbortController().signal);
  try {
    return await use(running);
  } finally {
    await running.end();
  }
}

describe("SpeedProcess", () => {
  it("asks and reads the answers, whatever else the process prints", async () => {
    const command = fakeSide("fake", { numbers: [1, 2], seconds: [0.5, 0.25], values: [7] });

    const answers = await withProcess(command, async (running) => [
      await running.prepare(job),
      await running.run(),
      await running.run(),
      await running.matmulGigaflops(80),
    ]);

    expect(answers).toEqual([{ numbers: [1, 2] }, { seconds: 0.5, value: 7 }, { seconds: 0.25, value: undefined }, 10]);
  });

  it.runIf(process.platform === "linux")("reads from the system how much memory the process took", async () => {
    const bytes = await withProcess(fakeSide("fake"), async (running) => {
      await running.run();
      return running.peakBytes();
    });

    expect(bytes).toBeGreaterThan(10e6);
  });

  it.each([
    ["an error", fakeSide("PyTorch", { error: "prepare" }), "PyTorch failed: no such model"],
    ["a death", fakeSide("PyTorch", { end: "prepare" }), "it ended with status 3.\nout of memory"],
    ["a program that is missing", { ...fakeSide("PyTorch"), program: "no-such-program" }, "no-such-program ENOENT"],
  ])("passes on %s", async (_, command, message) => {
    await expect(withProcess(command, (running) => running.prepare(job))).rejects.toThrow(message);
  });
});
