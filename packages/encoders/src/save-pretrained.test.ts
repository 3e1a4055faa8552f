import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { AlbertEncoder } from "./albert.ts";
import { BertEncoder } from "./bert.ts";
import { loadPretrained } from "./pretrained.ts";
import { savePretrained } from "./save-pretrained.ts";
import { parseTokenizer } from "./tokens/subword.ts";

const PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "aspirin", "head", "##ache"];
const tokenizer = parseTokenizer(new Map([["vocab.txt", `${PIECES.join("\n")}\n`]]));

const SIZES = {
  vocabularySize: PIECES.length,
  hiddenSize: 4,
  layers: 2,
  heads: 2,
  intermediateSize: 6,
  maxPositions: 16,
  typeVocabularySize: 2,
  dropout: 0.25,
  attentionDropout: 0.125,
  layerNormEpsilon: 1e-6,
  activation: "gelu_new",
  padId: 0,
} as const;

const ENCODERS = {
  bert: () => new BertEncoder({ ...SIZES, family: "bert" }, createRandom(1)),
  roberta: () => new BertEncoder({ ...SIZES, family: "roberta", padId: 1, maxPositions: 18 }, createRandom(2)),
  albert: () =>
    new AlbertEncoder({ ...SIZES, family: "albert", embeddingSize: 3, groups: 2, layersPerGroup: 1 }, createRandom(3)),
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("savePretrained", () => {
  it.each(["bert", "roberta", "albert"] as const)("writes a %s that loads as it was", async (family) => {
    const encoder = ENCODERS[family]();
    const input = {
      tokenIds: tf.tensor2d([[2, 5, 6, 7, 3]], undefined, "int32"),
      mask: tf.ones([1, 5]) as tf.Tensor2D,
    };
    const before = tf.memory().numTensors;

    await savePretrained(directory, encoder, tokenizer);
    const loaded = await loadPretrained(directory);

    expect((loaded.encoder as BertEncoder | AlbertEncoder).config).toEqual(encoder.config);
    expect(tf.memory().numTensors).toBe(before + encoder.parameters().size);
    const [ours, theirs] = [encoder, loaded.encoder].map((each) => each.encode(input, INFERENCE));
    expect(theirs?.hidden.dataSync()).toEqual(ours?.hidden.dataSync());
    expect(theirs?.pooled.dataSync()).toEqual(ours?.pooled.dataSync());
    await loaded.tokenizer.prepare(["Headache"]);
    expect(loaded.tokenizer.tokenizeWord("Headache")).toEqual([6, 7]);
    tf.dispose([input, { ...ours }, { ...theirs }]);
    encoder.dispose();
    loaded.encoder.dispose();
  });

  it("gives the tensors the names, order of axes and mark of Hugging Face", async () => {
    const encoder = ENCODERS.bert();

    await savePretrained(directory, encoder, tokenizer);

    const bytes = await readFile(join(directory, "model.safetensors"));
    const length = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<string, { shape: number[] }>;
    expect(length % 8).toBe(0);
    expect(header["__metadata__"]).toEqual({ format: "pt" });
    expect(header["embeddings.word_embeddings.weight"]).toEqual({
      dtype: "F32",
      shape: [8, 4],
      data_offsets: [0, 128],
    });
    expect(header["encoder.layer.1.intermediate.dense.weight"]?.shape).toEqual([6, 4]);
    expect(header["encoder.layer.0.attention.output.LayerNorm.bias"]?.shape).toEqual([4]);
    expect(header["pooler.dense.bias"]?.shape).toEqual([4]);
    expect(Object.keys(header)).toHaveLength(1 + 5 + 2 * 16 + 2);
    encoder.dispose();
  });

  it("takes away the tokenizer of a model that was there, and leaves no unfinished file", async () => {
    const encoder = ENCODERS.bert();
    await writeFile(join(directory, "tokenizer.json"), "another tokenizer");

    await savePretrained(directory, encoder, tokenizer);

    const names = await readdir(directory);
    expect(names.toSorted()).toEqual(["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"]);
    encoder.dispose();
  });

  it("leaves the model that was there whole if the weights cannot be written", async () => {
    const encoder = ENCODERS.bert();
    await savePretrained(directory, encoder, tokenizer);
    const before = await readFile(join(directory, "model.safetensors"));
    const disposed = ENCODERS.bert();
    disposed.dispose();

    await expect(savePretrained(directory, disposed, tokenizer)).rejects.toThrow("disposed");

    expect(await readFile(join(directory, "model.safetensors"))).toEqual(before);
    expect((await readdir(directory)).filter((name) => name.endsWith(".incomplete"))).toEqual([]);
    encoder.dispose();
  });
});
