import { describe, expect, it } from "vitest";

import { type FingerprintSettings, runFingerprint } from "./run-fingerprint.ts";

const settings: FingerprintSettings = { config: { size: 2 }, seed: 1, epochs: 3, batchSize: 4, warmup: 0.1 };

describe("runFingerprint", () => {
  it("says what is trained, how, and on what", () => {
    const training = '{"seed":1,"epochs":3,"batchSize":4,"batching":"by-length","accumulate":1,"warmup":0.1}';

    const fingerprint = runFingerprint(settings, { paper: "example", documents: "8" });

    expect(fingerprint).toEqual({ paper: "example", documents: "8", config: '{"size":2}', training });
  });

  it("is the same whether a setting's usual value is left out or named", () => {
    const named = runFingerprint({ ...settings, batching: "by-length", accumulate: 1 }, {});

    expect(named).toEqual(runFingerprint(settings, {}));
  });

  it("keeps what the caller says of the run", () => {
    const checkpoint = { directory: "checkpoints", resume: true, fingerprint: { machine: "one" } };

    expect(runFingerprint({ ...settings, checkpoint }, {})).toMatchObject({ machine: "one" });
  });

  it.each<[string, Partial<FingerprintSettings>]>([
    ["seed", { seed: 2 }],
    ["number of epochs", { epochs: 4 }],
    ["size of batches", { batchSize: 8 }],
    ["way of batching", { batching: "shuffled" }],
    ["accumulation", { accumulate: 2 }],
    ["warm-up", { warmup: 0 }],
    ["config", { config: { size: 3 } }],
  ])("tells another %s", (_, changes) => {
    expect(runFingerprint({ ...settings, ...changes }, {})).not.toEqual(runFingerprint(settings, {}));
  });
});
