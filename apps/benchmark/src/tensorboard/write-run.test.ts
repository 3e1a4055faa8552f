import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Experiment } from "../experiment.ts";
import type { LogEvent, TimedEvent } from "../run-log.ts";
import { maskedChecksum } from "./checksum.ts";
import { followRun, writeRunEvents } from "./write-run.ts";

const experiment: Experiment = {
  name: "mine",
  paper: "toy",
  variant: "full",
  suite: "own",
  seeds: [7],
  data: { dataset: "sample-world" },
  encoder: "none",
  config: {},
  training: {
    epochs: 1,
    batchSize: 1,
    encoderLearningRate: 0.5,
    headLearningRate: 2,
    warmup: 0,
    stages: { entity: { headLearningRate: 4 } },
  },
  selection: "f1",
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** The records of the only event file of the run, with both checksums checked. */
async function readRecords(): Promise<Buffer[]> {
  const folder = join(root, "toy", "mine", "seed-7");
  const [name = "", ...others] = await readdir(folder);
  expect([name, others]).toEqual(["events.out.tfevents.1767225600.relatum", []]);
  const bytes = await readFile(join(folder, name));
  const records: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(start));
    const record = bytes.subarray(start + 12, start + 12 + length);
    expect(bytes.readUInt32LE(start + 8)).toBe(maskedChecksum(bytes.subarray(start, start + 8)));
    expect(bytes.readUInt32LE(start + 12 + length)).toBe(maskedChecksum(record));
    records.push(record);
    start += 16 + length;
  }
  return records;
}

/** Step and values of a record; lengths and steps below 128 take one byte each. */
function parseEvent(record: Buffer): { seconds: number; step: number; scalars: Record<string, number> } {
  const scalars: Record<string, number> = {};
  for (let start = 13; start < record.length;) {
    const tagLength = record[start + 3] as number;
    const tag = record.subarray(start + 4, start + 4 + tagLength).toString();
    scalars[tag] = record.readFloatLE(start + 5 + tagLength);
    start += 2 + (record[start + 1] as number);
  }
  return { seconds: record.readDoubleLE(1), step: record[10] as number, scalars };
}

const step = { kind: "step", epoch: 1, loss: 0.25, gradientNorm: 8, learningRateMultiplier: 0.5 } as const;

describe("writeRunEvents", () => {
  it("writes loss, rates, scores and padding, each at its step and time", async () => {
    const time = "2026-01-01T00:00:00.500Z";
    const log: TimedEvent[] = [
      { time, ...step, step: 3 },
      { time, kind: "epoch", epoch: 1, meanLoss: 0.75, padding: 0.125 },
    ];

    writeRunEvents(root, { experiment, seed: 7 }, log);

    const [version, ...events] = await readRecords();
    expect(version?.subarray(-13).toString()).toBe("brain.Event:2");
    expect(events.slice(0, 1).map(parseEvent)).toEqual([
      {
        seconds: 1767225600.5,
        step: 3,
        scalars: { loss: 0.25, "gradient norm": 8, "learning rate/encoder": 0.25, "learning rate/head": 1 },
      },
    ]);
    expect(events.slice(1).map(parseEvent)).toEqual([
      { seconds: 1767225600.5, step: 3, scalars: { "epoch/mean loss": 0.75, "epoch/padding": 0.125 } },
    ]);
  });
});

describe("followRun", () => {
  it("writes at once, with the stage's name and rates before the values", async () => {
    const follow = followRun(root, { experiment, seed: 7 }, () => 1767225600000);
    const events: LogEvent[] = [
      { ...step, step: 1, stage: "entity" },
      {
        kind: "scores",
        split: "test",
        documents: 1,
        counts: { correct: 1, predicted: 1, gold: 1 },
        metrics: { F1: 50 },
      },
      { kind: "stop", message: "stopped" },
    ];

    for (const event of events) follow(event);

    const written = (await readRecords()).slice(1).map(parseEvent);
    expect(written.map(({ scalars }) => scalars)).toEqual([
      {
        "entity/loss": 0.25,
        "entity/gradient norm": 8,
        "entity/learning rate/encoder": 0.25,
        "entity/learning rate/head": 2,
      },
      { "test/F1": 50 },
    ]);
  });
});
