import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "node:util";

import * as tensorUtils from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import * as encoders from "./index.ts";
import * as testing from "./testing.ts";

const { BertEncoder, parseTokenizer, savePretrained } = encoders;
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const example = /```ts\n(.*?)```/su.exec(readme)?.[1] ?? "";

it("prints what the example of the README says", async () => {
  const expected = /console\.log\(.*\); \/\/ (.*)/u.exec(example)?.[1];
  const folder = mkdtempSync(join(tmpdir(), "relatum-readme-"));
  await saveStandIn(folder);
  const body = example.replaceAll(/^import .*$/gm, "").replace('"all-MiniLM-L6-v2"', JSON.stringify(folder));
  const loaded: encoders.Backbone[] = [];
  const loadPretrained = async (directory: string): Promise<encoders.Backbone> => {
    const backbone = await encoders.loadPretrained(directory);
    loaded.push(backbone);
    return backbone;
  };
  const names = { ...encoders, loadPretrained, INFERENCE: tensorUtils.INFERENCE };
  const printed: string[] = [];
  const console = { log: (...values: unknown[]) => printed.push(format(...values)) };
  const AsyncFunction = (async () => {}).constructor as new (
    ...sources: string[]
  ) => (...values: unknown[]) => Promise<void>;

  tf.engine().startScope();
  try {
    await new AsyncFunction("console", ...Object.keys(names), body)(console, ...Object.values(names));

    expect(printed).toEqual([expected]);
  } finally {
    tf.engine().endScope();
    for (const { encoder } of loaded) encoder.dispose();
    rmSync(folder, { recursive: true });
  }
});

it("names every function, class and constant of the package", () => {
  const names = [...Object.keys(encoders), ...Object.keys(testing)];

  expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

/** One layer of MiniLM's width in place of MiniLM, which would have to be downloaded; each word is one token in both. */
async function saveStandIn(folder: string): Promise<void> {
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  const vocabulary = [...special, "marie", "moved", "from", "warsaw", "to", "paris", "."];
  const tokenizer = parseTokenizer(new Map([["vocab.txt", vocabulary.join("\n")]]));
  const config = {
    family: "bert",
    vocabularySize: vocabulary.length,
    hiddenSize: 384,
    layers: 1,
    heads: 12,
    intermediateSize: 16,
    maxPositions: 512,
    typeVocabularySize: 2,
    dropout: 0.1,
    attentionDropout: 0.1,
    layerNormEpsilon: 1e-12,
    activation: "gelu",
    padId: 0,
  } as const;
  const encoder = new BertEncoder(config, tensorUtils.createRandom(1));
  await savePretrained(folder, encoder, tokenizer);
  encoder.dispose();
}
