import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type FakeAnswers, fakeSide } from "./__fixtures__/fake-side.ts";
import type { Job } from "./job.ts";
import { measure, type Measurement, takeTurn } from "./measure.ts";

let log: string;
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  log = join(root, "log");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const job: Job = { kind: "tokenize", engine: "cpu", encoder: "", threads: 1, workspace: "" };

function measureFakes(ours: FakeAnswers, peer: FakeAnswers, pairs: number): Promise<Measurement> {
  const side = (name: string, answers: FakeAnswers) => ({
    command: fakeSide(name, { ...answers, log }),
    job,
    multiplies: name === "peer",
  });
  const options = { pairs, signal: new AbortController().signal, status: () => undefined };
  return measure({ ours: side("ours", ours), peer: side("peer", peer) }, options);
}

const requests = async (): Promise<string[]> => (await readFile(log, "utf8")).trim().split("\n");

describe("measure", () => {
  it("prepares ours first, warms both up, then lets them take turns", async () => {
    await measureFakes({}, {}, 2);

    const turns = ["ours run", "peer run"];
    const [warmUps, pairs] = [
      [...turns, ...turns],
      [...turns, ...turns],
    ];
    expect(await requests()).toEqual(["ours prepare", "peer prepare", ...warmUps, ...pairs, "peer matmul"]);
  });

  it("gives medians of the pairs after the warm-up, in the counterpart's good mode", async () => {
    const ours = { seconds: [90, 90, 2, 3, 3] };
    const peer = { seconds: [90, 90, 5, 5, 40] };

    const measurement = await measureFakes(ours, peer, 3);

    expect(measurement.ratio).toBeCloseTo((0.4 + 0.6) / 2, 12);
    expect(measurement).toMatchObject({ oursSeconds: 2.5, peerSeconds: 5, dropped: 1 });
    expect(measurement.memoryRatio).toBeGreaterThan(0.5);
    expect(measurement.matmulGigaflops).toEqual({ peer: 128 });
  });

  it("measures a series again as long as most of its pairs do not count", async () => {
    const peer = { seconds: [1, 1, 5, 40, 40, 5, 5, 40] };

    const { pairs, dropped } = await measureFakes({}, peer, 3);

    // One of three counts, then three of six.
    expect({ pairs, dropped }).toEqual({ pairs: 6, dropped: 3 });
  });

  it("refuses sides that prepare other numbers before anything runs", async () => {
    await expect(measureFakes({ numbers: [1] }, { numbers: [2] }, 2)).rejects.toThrow("outputs must give the same");

    expect(await requests()).toEqual(["ours prepare", "peer prepare"]);
  });

  it("refuses sides whose repetitions come apart", async () => {
    const measured = measureFakes({ values: [1, 0.5] }, { values: [1, 0.6] }, 2);

    await expect(measured).rejects.toThrow("repetition 1 must give the same");
  });
});

describe("takeTurn", () => {
  it("repeats short work until the turn has lasted, and gives the median", async () => {
    const seconds = [0.3, 0.1, 0.2, 9];

    const median = await takeTurn(async () => seconds.shift() as number);

    expect(median).toBe(0.2);
    expect(seconds).toEqual([9]);
  });

  it("does long work once", async () => {
    const seconds = [0.7, 9];

    expect(await takeTurn(async () => seconds.shift() as number)).toBe(0.7);
    expect(seconds).toEqual([9]);
  });
});
