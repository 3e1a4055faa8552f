import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRandom, formatSafetensors, Linear, Module } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { headParameters, restoreModel, SavedModels } from "./saved-model.ts";

interface Config {
  readonly relations: readonly string[];
  readonly size: number;
}

const config: Config = { relations: ["likes"], size: 3 };
const saved = new SavedModels<Config>({
  paper: "example",
  version: 2,
  title: "Example",
  package: "@relatum/example",
  load: "loadExample",
  parseConfig: (value) => {
    if ((value as Config).size < 1) throw new RangeError("size must be at least 1.");
    return value as Config;
  },
});

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-saved-"));
  directory = join(root, "model");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const createLinear = (): Linear => new Linear(config.size, 2, createRandom(1));

const write = (text: string): Promise<void> =>
  saved.write(directory, config, (folder) => writeFile(join(folder, "part.txt"), text));

describe("SavedModels", () => {
  it("writes the paper's files, the config and a card, over what was there", async () => {
    await write("first");
    await write("second");

    expect(await saved.readConfig(directory)).toEqual(config);
    expect(await saved.readText(join(directory, "part.txt"))).toBe("second");
    expect(await readFile(join(directory, "README.md"), "utf8")).toContain("loadExample");
    expect(await readdir(root)).toEqual(["model"]);
  });

  it("leaves what was there if a part cannot be written, and nothing beside it", async () => {
    await write("first");

    const failing = saved.write(directory, config, async () => Promise.reject(new Error("no room")));

    await expect(failing).rejects.toThrow("no room");
    expect(await saved.readText(join(directory, "part.txt"))).toBe("first");
    expect(await readdir(root)).toEqual(["model"]);
  });

  it.each([
    ["nothing", "must hold JSON: Unexpected token 'o', \"nothing\" is not valid JSON"],
    ["null", 'must hold "format": "relatum", got undefined.'],
    ['{"format":"relatum","paper":{},"version":2}', 'must hold "paper": "example", got an object.'],
    ['{"format":"relatum","paper":"example","version":1}', 'must hold "version": 2, got 1.'],
    [
      '{"format":"relatum","paper":"example","version":2,"config":{"size":0}}',
      "must hold a sound config: size must be at least 1.",
    ],
  ])("refuses a config.json that says %s", async (text, problem) => {
    await write("part");
    await writeFile(join(directory, "config.json"), text);

    await expect(saved.readConfig(directory)).rejects.toThrow(`${join(directory, "config.json")} ${problem}`);
  });

  it("says what to do where there is no saved model", async () => {
    await expect(saved.readConfig(directory)).rejects.toThrow(
      "config.json must be a readable file of a saved Example model. Give a directory that save wrote.",
    );
  });
});

class OnEncoder extends Module {
  readonly encoder: Linear = new Linear(2, 2, createRandom(1));
  readonly encoderNorm: Linear = new Linear(2, 1, createRandom(2));
}

describe("headParameters", () => {
  it("lists what is not the encoder's, in its order", () => {
    const model = new OnEncoder();

    const head = headParameters(model);

    expect([...head.keys()]).toEqual(["encoderNorm.weight", "encoderNorm.bias"]);
    expect(head.get("encoderNorm.bias")).toBe(model.encoderNorm.bias);
    model.dispose();
  });
});

describe("restoreModel", () => {
  it("gives a model the weights that were stored", async () => {
    const path = join(root, "head.safetensors");
    const first = new Linear(config.size, 2, createRandom(7));
    await writeFile(path, await formatSafetensors(first.parameters()));
    const tensors = await saved.readTensors(path);

    const restored = restoreModel(createLinear, tensors, path);

    expect([...restored.weight.dataSync()]).toEqual([...first.weight.dataSync()]);
    tf.dispose([...tensors.values()]);
    for (const model of [first, restored]) model.dispose();
  });

  it("leaves the encoder its own weights where they are stored apart", () => {
    const first = new OnEncoder();
    const tensors = new Map([...headParameters(first)].map(([name, { shape }]) => [name, tf.ones(shape)]));

    const restored = restoreModel(() => new OnEncoder(), tensors, "head.safetensors", { hasEncoder: true });

    expect([...restored.encoder.weight.dataSync()]).toEqual([...first.encoder.weight.dataSync()]);
    expect([...restored.encoderNorm.weight.dataSync()]).toEqual([1, 1]);
    expect(() => restoreModel(() => new OnEncoder(), tensors, "head.safetensors")).toThrow(/encoder\.weight/);
    tf.dispose([...tensors.values()]);
    for (const model of [first, restored]) model.dispose();
  });

  it("refuses weights of other sizes, and leaves no tensor", () => {
    const tensors = new Map([
      ["weight", tf.zeros([2, 4])],
      ["bias", tf.zeros([2])],
    ]);
    const before = tf.memory().numTensors;

    expect(() => restoreModel(createLinear, tensors, "head.safetensors")).toThrow(
      /^head\.safetensors must fit config\.json: weight/,
    );
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([...tensors.values()]);
  });
});
