import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { sampleWorld } from "@relatum/datasets";
import { loadPretrained } from "@relatum/encoders";
import { tinyBackbone } from "@relatum/encoders/testing";
import { INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { toyContext } from "../__fixtures__/toy-context.ts";
import { speedCommand, type SpeedCommandOptions } from "../commands/speed.ts";
import { prepareForward, prepareStep } from "./encoder-work.ts";
import { type EncoderJob, type Job } from "./job.ts";
import { withDropout } from "./model-directory.ts";
import { prepareTokenize } from "./tokenize-work.ts";

const run = promisify(execFile);

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));

const FAKE_PYTHON = fileURLToPath(new URL("__fixtures__/fake-python.mjs", import.meta.url));

const { documents } = sampleWorld({ seed: 3, documents: 3 });

let root: string;
let model: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  model = join(root, "model");
  const backbone = tinyBackbone(1);
  await backbone.tokenizer.prepare(documents.flatMap(({ sentences }) => sentences.flat()));
  await backbone.save(model);
  backbone.encoder.dispose();
});
afterAll(() => rm(root, { recursive: true, force: true }));

const tokenIds = [
  [7, 8, 9],
  [10, 11, 12],
];

function encoderJob(more: Partial<EncoderJob> = {}): Job & EncoderJob {
  const work: EncoderJob = { kind: "encoder-forward", tokenIds, dropout: 0, learningRate: 0.01, ...more };
  return { engine: "cpu", encoder: model, threads: 1, workspace: root, ...work };
}

describe("prepareForward", () => {
  it("gives the encoder's hidden states to check by", async () => {
    const { encoder } = await loadPretrained(model);
    const input = { tokenIds: tf.tensor2d(tokenIds, [2, 3], "int32"), mask: tf.ones([2, 3]) as tf.Tensor2D };
    const expected = await encoder.encode(input, INFERENCE).hidden.data();

    const numbers = await (await prepareForward(encoderJob())).numbers();

    expect(numbers).toHaveLength(expected.length);
    for (const [index, value] of numbers.entries()) expect(value).toBeCloseTo(expected[index] as number, 5);
  });
});

describe("prepareStep", () => {
  it("takes real steps: the loss falls from the one to check by", async () => {
    const work = await prepareStep(encoderJob({ kind: "encoder-step" }));
    const [before] = await work.numbers();
    const losses = [await work.run(), await work.run(), await work.run()];

    expect(losses[0]).toBeCloseTo(before as number, 4);
    expect(losses[2]).toBeLessThan(losses[0] as number);
  });
});

describe("prepareTokenize", () => {
  it("gives every word's ids, repetition after repetition", async () => {
    const { tokenizer } = await loadPretrained(model);
    const words = documents.flatMap(({ sentences }) => sentences.flat());
    await tokenizer.prepare(words);
    const expected = words.flatMap((word) => tokenizer.tokenizeWord(word));

    const work = await prepareTokenize(model, documents);
    await work.run();
    work.reset?.();

    expect(await work.numbers()).toEqual([expected.length, ...expected]);
  });
});

describe("withDropout", () => {
  it("changes the rates and nothing else", async () => {
    const directory = await withDropout(model, 0.25, join(root, "dropout"));

    const [before, after] = await Promise.all(
      [model, directory].map(async (place) => JSON.parse(await readFile(join(place, "config.json"), "utf8")) as object),
    );
    expect(after).toEqual({ ...before, hidden_dropout_prob: 0.25, attention_probs_dropout_prob: 0.25 });
    const weights = await Promise.all([model, directory].map((place) => readFile(join(place, "model.safetensors"))));
    expect(weights[0]).toEqual(weights[1]);
  });
});

describe.skipIf(process.platform === "win32")("speed", () => {
  const options = (more: Partial<SpeedCommandOptions>): SpeedCommandOptions => ({
    against: "torch",
    pairs: 1,
    documents: 2,
    threads: 1,
    encoder: model,
    ...more,
  });
  const context = () => ({ ...toyContext(), startEngine: async () => ({ engine: "cpu" as const, notice: "" }) });

  it("measures a case against another process, prints a table and writes the figures", async () => {
    const json = join(root, "speed.json");
    const flags = ["--conditions=@relatum/source", "--import", import.meta.resolve("tsx"), CLI];
    const words = ["--case", "encoder-forward-1x128", "--pairs", "1", "--threads", "1", "--encoder", model];
    const parameters = [...flags, "speed", ...words, "--python", FAKE_PYTHON, "--json", json];

    const { stdout } = await run(process.execPath, parameters, { env: { ...process.env, RELATUM_ENGINE: "cpu" } });

    const entries = JSON.parse(await readFile(json, "utf8")) as Record<string, unknown>[];
    expect(entries).toHaveLength(1);
    const fields = ["case", "memoryRatio", "oursSeconds", "peer", "peerSeconds", "ratio"];
    expect(Object.keys(entries[0] ?? {}).toSorted()).toEqual(fields);
    expect(entries[0]).toMatchObject({ case: "encoder-forward-1x128", peer: "torch" });
    expect(stdout).toContain("encoder-forward-1x128");
  }, 240_000); // four processes that compile the sources, in turn, on whatever is left of the machine

  it("says of cases without data why they are left out", async () => {
    const notices: string[] = [];
    const silent = context();
    const terminal = { ...silent.terminal, notice: (text: string) => void notices.push(text) };

    const measured = speedCommand(options({ case: ["tokenize-cdr", "atlop-step-cdr"] }), { ...silent, terminal });

    await expect(measured).rejects.toThrow("There must be a case that can be measured, got none.");
    expect(notices.toSorted()).toEqual([
      "atlop-step-cdr is left out: it reads the data set cdr. Name the folder that holds it with --data.",
      "tokenize-cdr is left out: it reads the data set cdr. Name the folder that holds it with --data.",
    ]);
  });

  it("writes no figure of a case whose counterpart fails, and fails in the end", async () => {
    const json = join(root, "failed.json");
    const python = join(root, "python");
    await writeFile(python, '#!/bin/sh\n[ "$1" = -c ] || { echo "no torch here" >&2; exit 1; }\n', { mode: 0o755 });

    const measured = speedCommand(options({ case: ["encoder-forward-1x128"], python, json }), context());

    await expect(measured).rejects.toThrow("but these were not: encoder-forward-1x128.");
    expect(JSON.parse(await readFile(json, "utf8"))).toEqual([]);
  });
});
