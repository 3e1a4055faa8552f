import { describe, expect, it } from "vitest";

import { chooseModelFiles } from "./model-file-choice.ts";

describe("chooseModelFiles", () => {
  it("prefers safetensors to pickles, whole files to shards, tokenizer.json to vocabularies", () => {
    const names = [
      "vocab.txt",
      "tokenizer.json",
      "config.json",
      "pytorch_model.bin",
      "model.safetensors",
      "tokenizer_config.json",
    ];

    expect(chooseModelFiles(names)).toEqual([
      "config.json",
      "tokenizer_config.json",
      "tokenizer.json",
      "model.safetensors",
    ]);
  });

  it("takes shards if all of them are there with their index", () => {
    const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    const names = ["config.json", "vocab.json", "merges.txt", "model.safetensors.index.json", ...shards];

    expect(chooseModelFiles(names)).toEqual([
      "config.json",
      "vocab.json",
      "merges.txt",
      "model.safetensors.index.json",
      ...shards,
    ]);
    expect(chooseModelFiles(names.slice(0, -1))).toBeUndefined();
  });

  it.each(["config.json", "vocab.txt", "pytorch_model.bin"])("makes no model of files without %s", (missing) => {
    const names = ["config.json", "vocab.txt", "pytorch_model.bin"];

    expect(chooseModelFiles(names)).toEqual(names);
    expect(chooseModelFiles(names.filter((name) => name !== missing))).toBeUndefined();
  });
});
