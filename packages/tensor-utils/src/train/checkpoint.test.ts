import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { parseSafetensors } from "../safetensors.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import {
  type Checkpoint,
  listCheckpoints,
  loadCheckpoint,
  type LoadedCheckpoint,
  saveCheckpoint,
  setAside,
} from "./checkpoint.ts";
import { BEGINNING } from "./progress.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "relatum-checkpoint-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

const named = (values: Record<string, number[]>): Map<string, tf.Tensor> =>
  new Map(Object.entries(values).map(([name, value]) => [name, tf.tensor1d(value)]));

function checkpointOf(step: number): Checkpoint {
  return {
    parameters: named({ "layers.0.weight": [step, -0.1] }),
    moments: named({ "layers.0.weight/mean": [step / 3, 0] }),
    best: named({ "layers.0.weight": [0.5, 0.25] }),
    progress: { ...BEGINNING, step, lossSum: 0.1 + 0.2, best: { epoch: 1, score: 2 / 3, step: 1 } },
    fingerprint: { data: "äöü" },
  };
}

const read = (tensors: ReadonlyMap<string, tf.Tensor>): unknown =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, [...tensor.dataSync()]]));

async function load(): Promise<LoadedCheckpoint> {
  const loaded = await loadCheckpoint(directory);
  if (loaded === undefined) throw new Error("There must be a checkpoint.");
  return loaded;
}

async function caught(promise: Promise<unknown>): Promise<CheckpointError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CheckpointError);
  return error as CheckpointError;
}

/** Makes writing fail from the given call on, as a full disk does. */
async function fillDisk(callsBefore: number): Promise<void> {
  const file = await open(join(directory, "probe"), "w");
  const prototype = Object.getPrototypeOf(file) as { write: (...given: unknown[]) => Promise<unknown> };
  await file.close();
  const { write } = prototype;
  let calls = 0;
  vi.spyOn(prototype, "write").mockImplementation(function (this: unknown, ...given: unknown[]) {
    calls += 1;
    if (calls <= callsBefore) return write.apply(this, given);
    return Promise.reject(Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }));
  });
}

describe("saveCheckpoint", () => {
  it("writes what loadCheckpoint reads, to the last bit", async () => {
    const saved = checkpointOf(7);

    const path = await saveCheckpoint(directory, saved);
    const loaded = await load();

    expect(loaded).toMatchObject({ path, skipped: [], progress: saved.progress, fingerprint: saved.fingerprint });
    expect(read(loaded.parameters)).toEqual(read(saved.parameters));
    expect(read(loaded.moments)).toEqual(read(saved.moments));
    expect(read(loaded.best)).toEqual(read(saved.best));
  });

  it("writes parameters as a safetensors file", async () => {
    const path = await saveCheckpoint(directory, checkpointOf(7));

    const tensors = parseSafetensors(readFileSync(join(path, "parameters.safetensors")));

    expect(read(tensors)).toEqual(read(checkpointOf(7).parameters));
  });

  it("keeps the one before and nothing else", async () => {
    for (const step of [1, 2, 3]) await saveCheckpoint(directory, checkpointOf(step));

    expect(readdirSync(directory).toSorted()).toEqual(["checkpoint-000002", "checkpoint-000003"]);
  });

  it("counts beyond six digits", async () => {
    const path = await saveCheckpoint(directory, checkpointOf(1));
    const { rename } = await import("node:fs/promises");
    await rename(path, join(directory, "checkpoint-999999"));

    await saveCheckpoint(directory, checkpointOf(2));

    expect(await listCheckpoints(directory)).toEqual(["checkpoint-999999", "checkpoint-1000000"]);
    expect((await load()).progress.step).toBe(2);
  });

  it("clears away what a killed process left half-written", async () => {
    await saveCheckpoint(directory, checkpointOf(1));
    const { mkdir } = await import("node:fs/promises");
    await mkdir(join(directory, "checkpoint-000002.partial"));
    writeFileSync(join(directory, "checkpoint-000002.partial", "parameters.safetensors"), "half");

    expect((await load()).progress.step).toBe(1);
    await saveCheckpoint(directory, checkpointOf(2));

    expect(readdirSync(directory).toSorted()).toEqual(["checkpoint-000001", "checkpoint-000002"]);
  });

  it.each([0, 1, 4])("leaves the old one as it was when the disk is full after %i writes", async (writes) => {
    await saveCheckpoint(directory, checkpointOf(1));
    await fillDisk(writes);

    const error = await caught(saveCheckpoint(directory, checkpointOf(2)));

    expect(error.message).toContain(
      `${directory} must take a new checkpoint, got Error: ENOSPC: no space left on device`,
    );
    expect(error.cause).toMatchObject({ code: "ENOSPC" });
    vi.restoreAllMocks();
    expect(await listCheckpoints(directory)).toEqual(["checkpoint-000001"]);
    expect(existsSync(join(directory, "checkpoint-000002.partial"))).toBe(false);
    expect(await load()).toMatchObject({ progress: { step: 1 }, skipped: [] });
  });

  it("says so when the directory cannot be made", async () => {
    writeFileSync(join(directory, "file"), "");

    const error = await caught(saveCheckpoint(join(directory, "file", "run"), checkpointOf(1)));

    expect(error.path).toBe(join(directory, "file", "run"));
  });
});

describe("loadCheckpoint", () => {
  it("finds nothing where nothing was saved", async () => {
    expect(await loadCheckpoint(directory)).toBeUndefined();
    expect(await loadCheckpoint(join(directory, "absent"))).toBeUndefined();
  });

  const truncate = (file: string): void => writeFileSync(file, readFileSync(file).subarray(0, -1));
  const flip = (file: string): void => {
    const bytes = readFileSync(file);
    const middle = Math.floor(bytes.length * 0.75);
    bytes[middle] = (bytes[middle] as number) ^ 1;
    writeFileSync(file, bytes);
  };
  const files = ["parameters.safetensors", "moments.safetensors", "best.safetensors", "manifest.json"];
  const damages = files.flatMap((file) => [
    [file, "cut short", truncate] as const,
    [file, "changed by a bit", flip] as const,
    [file, "gone", (path: string) => rmSync(path)] as const,
    [file, "empty", (path: string) => writeFileSync(path, "")] as const,
  ]);

  it.each(damages)("falls back to the one before and says so when %s is %s", async (file, _, damage) => {
    await saveCheckpoint(directory, checkpointOf(1));
    const path = await saveCheckpoint(directory, checkpointOf(2));
    damage(join(path, file));

    const loaded = await load();

    expect(loaded.progress.step).toBe(1);
    expect(read(loaded.parameters)).toEqual(read(checkpointOf(1).parameters));
    expect(loaded.skipped).toHaveLength(1);
    expect(loaded.skipped[0]?.name).toBe("checkpoint-000002");
    expect(loaded.skipped[0]?.error.path).toBe(join(path, file));
  });

  it("says what to do when every one is damaged", async () => {
    for (const step of [1, 2])
      truncate(join(await saveCheckpoint(directory, checkpointOf(step)), "moments.safetensors"));

    const error = await caught(loadCheckpoint(directory));

    expect(error.path).toBe(directory);
    expect(error.message).toContain(
      `${join(directory, "checkpoint-000001", "moments.safetensors")} must hold the tensors`,
    );
    expect(error.message).toContain("Put back a copy of one, or remove the directory to start over.");
  });

  it("refuses another format's manifest", async () => {
    const path = await saveCheckpoint(directory, checkpointOf(1));
    writeFileSync(join(path, "manifest.json"), '{"format":"other"}');

    expect((await caught(loadCheckpoint(directory))).message).toContain("must be a checkpoint's manifest");
  });

  it("passes over no sound checkpoint that another version wrote, and names its format", async () => {
    await saveCheckpoint(directory, checkpointOf(1));
    const path = await saveCheckpoint(directory, checkpointOf(2));
    const manifest = JSON.stringify({ format: "relatum-checkpoint-2" });
    const sha256 = createHash("sha256").update(manifest).digest("hex");
    writeFileSync(join(path, "manifest.json"), JSON.stringify({ sha256, manifest }));

    const { message } = await caught(loadCheckpoint(directory));

    expect(message).toContain(
      `${join(path, "manifest.json")} must have the format "relatum-checkpoint-1", got "relatum-checkpoint-2".`,
    );
  });

  it.each([
    ["no list of files", { files: undefined }, "no object as files"],
    [
      "a file without a length",
      { files: { parameters: { sha256: "" } } },
      "no whole number as files.parameters.byteLength",
    ],
    ["steps in words", { progress: { step: "four" } }, "no whole number as progress.step"],
    ["nothing", null, "no object as the manifest"],
  ])("refuses a manifest of %s, though its checksum agrees", async (_, change, problem) => {
    const path = join(await saveCheckpoint(directory, checkpointOf(1)), "manifest.json");
    const saved = JSON.parse(readFileSync(path, "utf8")) as { manifest: string };
    const sound = JSON.parse(saved.manifest) as object;
    const manifest = JSON.stringify(change === null ? null : { ...sound, ...change });
    const sha256 = createHash("sha256").update(manifest).digest("hex");
    writeFileSync(path, JSON.stringify({ sha256, manifest }));

    const { message } = await caught(loadCheckpoint(directory));

    expect(message).toContain(`${path} must be a checkpoint's manifest, got RangeError: ${problem}`);
  });

  it("leaves no tensor behind when it fails, and those it gives otherwise", async () => {
    const saved = checkpointOf(1);
    const path = await saveCheckpoint(directory, saved);
    const before = tf.memory().numTensors;

    const loaded = await load();
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose([loaded.parameters, loaded.moments, loaded.best].flatMap((tensors) => [...tensors.values()]));
    truncate(join(path, "best.safetensors"));
    await caught(loadCheckpoint(directory));

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("setAside", () => {
  it("makes a damaged checkpoint count no longer, so that the sound one is kept", async () => {
    await saveCheckpoint(directory, checkpointOf(1));
    const path = await saveCheckpoint(directory, checkpointOf(2));
    rmSync(join(path, "manifest.json"));
    const { skipped } = await load();

    await setAside(directory, skipped);
    await saveCheckpoint(directory, checkpointOf(3));

    expect(await listCheckpoints(directory)).toEqual(["checkpoint-000001", "checkpoint-000002"]);
    expect((await load()).progress.step).toBe(3);
    expect(existsSync(`${path}.damaged`)).toBe(true);
  });
});
