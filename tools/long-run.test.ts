import { describe, expect, it } from "vitest";

import { findGrowth, longRun, type LongRunJob, type LongRunSample } from "./long-run.ts";

const MEGABYTE = 2 ** 20;

/** Samples of a run that holds what the function says. */
function samplesOf(count: number, held: (index: number) => Partial<LongRunSample>): LongRunSample[] {
  const flat = { resident: 1000 * MEGABYTE, held: 50 * MEGABYTE, tensors: 100 };
  return Array.from({ length: count }, (_, index) => ({ seconds: index, done: index, ...flat, ...held(index) }));
}

describe("findGrowth", () => {
  it("passes over what comes and goes, and over growth while a run warms up", () => {
    const wavy = samplesOf(100, (index) => ({
      resident: (1000 + Math.min(index, 30) * 10 + (index % 7)) * MEGABYTE,
      held: (50 + (index % 3)) * MEGABYTE,
      tensors: 100 + (index % 5),
    }));

    expect(findGrowth(wavy)).toEqual([]);
  });

  it.each([
    ["tensors grew from 169 to 199", (index: number) => ({ tensors: 100 + index })],
    ["resident bytes grew by 59 MiB", (index: number) => ({ resident: (1000 + index) * MEGABYTE })],
    ["held bytes grew by 6 MiB", (index: number) => ({ held: (50 + index / 10) * MEGABYTE })],
  ])("tells that %s", (problem, held) => {
    expect(findGrowth(samplesOf(100, held))).toEqual([problem]);
  });
});

/** Short runs of the harness that `npm run test:faults` lets go on for minutes or hours. */
describe("a long run", () => {
  const job: LongRunJob = { paper: "atlop", part: "inference", seconds: 0, least: 30 };
  const short = { looksAtResident: false };

  it("holds no more the longer it lasts", { timeout: 600_000 }, async () => {
    expect(findGrowth(await longRun(job), short)).toEqual([]);
  });

  it.each(["tensor", "array"] as const)("is seen to grow with a planted %s", { timeout: 600_000 }, async (leak) => {
    const samples = await longRun({ ...job, leak });

    expect(findGrowth(samples, short).join()).toContain(leak === "tensor" ? "tensors grew" : "held bytes grew");
  });
});
