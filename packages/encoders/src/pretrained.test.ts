import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { type FileTensor, float32, safetensorsBytes, torchBytes, writeFiles } from "./__fixtures__/model-directory.ts";
import { BertEncoder } from "./bert.ts";
import { ModelFileError } from "./weights/model-file-error.ts";
import { toHuggingFaceName } from "./weights/parameter-names.ts";
import { loadPretrained } from "./pretrained.ts";

const VOCABULARY = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\naspirin\n";

const CONFIG = {
  model_type: "bert",
  vocab_size: 6,
  hidden_size: 4,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 6,
  max_position_embeddings: 8,
};

let encoder: BertEncoder;
let weights: Map<string, FileTensor>;
let directory: string;

beforeAll(() => {
  encoder = new BertEncoder(
    {
      family: "bert",
      vocabularySize: 6,
      hiddenSize: 4,
      layers: 1,
      heads: 2,
      intermediateSize: 6,
      maxPositions: 8,
      typeVocabularySize: 2,
      dropout: 0.1,
      attentionDropout: 0.1,
      layerNormEpsilon: 1e-12,
      activation: "gelu",
      padId: 0,
    },
    createRandom(5),
  );
  weights = new Map(
    [...encoder.parameters()].map(([path, value]) => {
      return [toHuggingFaceName(path, "bert"), float32(value.shape, value.dataSync())];
    }),
  );
});
afterAll(() => encoder.dispose());

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** The parameters of the loaded encoder that differ from those of the encoder the files were made from. */
async function differingParameters(): Promise<string[]> {
  const loaded = await loadPretrained(directory);
  const differing = [...encoder.parameters()].filter(([path, value]) => {
    const values = loaded.encoder.parameters().get(path)?.dataSync();
    return values === undefined || !tf.util.arraysEqual(values as Float32Array, value.dataSync() as Float32Array);
  });
  loaded.encoder.dispose();
  return differing.map(([path]) => path);
}

const withPrefix = (named: ReadonlyMap<string, FileTensor>): Map<string, FileTensor> =>
  new Map([...named].map(([name, tensor]) => [`bert.${name}`, tensor]));

/** Splits the weights over two files and an index that names them. */
function shards(
  format: (tensors: ReadonlyMap<string, FileTensor>) => Uint8Array,
  single: string,
): Record<string, unknown> {
  const entries = [...weights];
  const [first, second] = [entries.slice(0, 7), entries.slice(7)];
  const place = (file: string) => (entry: readonly [string, FileTensor]) => [entry[0], file] as const;
  const weightMap = Object.fromEntries([...first.map(place("part-1.data")), ...second.map(place("part-2.data"))]);
  return {
    [`${single}.index.json`]: { metadata: { total_size: 1 }, weight_map: weightMap },
    "part-1.data": format(new Map(first)),
    "part-2.data": format(new Map(second)),
  };
}

describe("loadPretrained", () => {
  it("reads names with the prefix of a model, and passes over other tasks' heads and position numbers", async () => {
    const extra = { "cls.predictions.bias": float32([6], [1, 2, 3, 4, 5, 6]) };
    const positions: FileTensor = { shape: [1, 2], dtype: "I64", bytes: new Uint8Array(16) };
    const all = new Map([
      ...withPrefix(weights),
      ["bert.embeddings.position_ids", positions],
      ...Object.entries(extra),
    ]);
    await writeFiles(directory, {
      "config.json": CONFIG,
      "vocab.txt": VOCABULARY,
      "model.safetensors": safetensorsBytes(all),
    });

    expect(await differingParameters()).toEqual([]);
  });

  it("reads shards of safetensors", async () => {
    const files = shards(safetensorsBytes, "model.safetensors");
    await writeFiles(directory, { "config.json": CONFIG, "vocab.txt": VOCABULARY, ...files });

    expect(await differingParameters()).toEqual([]);
  });

  it("reads pytorch_model.bin, whole and in shards", async () => {
    const common = { "config.json": CONFIG, "vocab.txt": VOCABULARY };
    await writeFiles(directory, { ...common, "pytorch_model.bin": torchBytes(weights) });
    expect(await differingParameters()).toEqual([]);

    await rm(directory, { recursive: true });
    await writeFiles(directory, { ...common, ...shards(torchBytes, "pytorch_model.bin") });
    expect(await differingParameters()).toEqual([]);
  });

  it("takes the names that TensorFlow's checkpoints had for the parts of a layer normalisation", async () => {
    const old = [...weights].map(([name, tensor]) => {
      const renamed = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
      return [renamed, tensor] as const;
    });
    const file = torchBytes(new Map(old));
    await writeFiles(directory, { "config.json": CONFIG, "vocab.txt": VOCABULARY, "pytorch_model.bin": file });

    expect(await differingParameters()).toEqual([]);
  });

  it("starts a missing pooler from the same random numbers each time", async () => {
    const bare = new Map([...weights].filter(([name]) => !name.startsWith("pooler")));
    await writeFiles(directory, {
      "config.json": CONFIG,
      "vocab.txt": VOCABULARY,
      "model.safetensors": safetensorsBytes(bare),
    });

    const [first, second] = [await loadPretrained(directory), await loadPretrained(directory)];

    const pooler = [first, second].map((backbone) => backbone.encoder.parameters().get("pooler.weight")?.dataSync());
    expect(pooler[0]).toEqual(pooler[1]);
    expect(new Set(pooler[0]).size).toBeGreaterThan(10);
    first.encoder.dispose();
    second.encoder.dispose();
  });

  it("names the weights that are missing, and leaves no tensor behind", async () => {
    const few = new Map([...weights].filter(([name]) => !name.includes("attention.self")));
    await writeFiles(directory, {
      "config.json": CONFIG,
      "vocab.txt": VOCABULARY,
      "model.safetensors": safetensorsBytes(few),
    });
    const before = tf.memory().numTensors;

    await expect(loadPretrained(directory)).rejects.toThrow(
      `${directory} must hold every weight of the encoder, but lacks layers.0.attention.query.weight, ` +
        "layers.0.attention.query.bias, layers.0.attention.key.weight, layers.0.attention.key.bias, " +
        "layers.0.attention.value.weight and 1 more.",
    );

    expect(tf.memory().numTensors).toBe(before);
  });

  it("names a weight whose shape is not what config.json says, and leaves no tensor behind", async () => {
    const config = { ...CONFIG, intermediate_size: 10 };
    await writeFiles(directory, {
      "config.json": config,
      "vocab.txt": VOCABULARY,
      "model.safetensors": safetensorsBytes(weights),
    });
    const before = tf.memory().numTensors;

    await expect(loadPretrained(directory)).rejects.toThrow(
      "model.safetensors: encoder.layer.0.intermediate.dense.weight must have shape [10, 4], got [6, 4].",
    );

    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [{ model_type: "gpt2" }, 'config.json: model_type must be "bert" or "roberta" or "albert", got "gpt2".'],
    [{ hidden_size: undefined }, "config.json: hidden_size must be of type number, got nothing."],
    [{ num_hidden_layers: 0 }, "config.json: num_hidden_layers must be at least 1, got 0."],
    [{ num_attention_heads: 2.5 }, "config.json: num_attention_heads must be a whole number, got 2.5."],
    [{ num_attention_heads: 3 }, "heads must divide hiddenSize (4), got 3."],
    [{ hidden_dropout_prob: 2 }, "config.json: hidden_dropout_prob must be at most 1, got 2."],
    [
      { hidden_act: "swish" },
      'config.json: hidden_act must be "gelu" or "gelu_new" or "gelu_pytorch_tanh" or "relu", got',
    ],
    [{ position_embedding_type: "relative_key" }, 'position_embedding_type must be "absolute", got "relative_key".'],
  ])("refuses a config.json with %j, and names the field", async (change, message) => {
    const file = safetensorsBytes(weights);
    const config = { ...CONFIG, ...change };
    await writeFiles(directory, { "config.json": config, "vocab.txt": VOCABULARY, "model.safetensors": file });

    await expect(loadPretrained(directory)).rejects.toThrow(message);
  });

  it("takes a config.json without model_type for a BERT", async () => {
    const { model_type: _, ...config } = CONFIG;
    await writeFiles(directory, {
      "config.json": config,
      "vocab.txt": VOCABULARY,
      "model.safetensors": safetensorsBytes(weights),
    });

    expect(await differingParameters()).toEqual([]);
  });

  it("says which file is missing", async () => {
    await expect(loadPretrained(directory)).rejects.toThrow(`${directory} must hold a config.json, got none.`);

    await writeFiles(directory, { "config.json": CONFIG });
    await expect(loadPretrained(directory)).rejects.toThrow(
      "must have a tokenizer.json, or a vocab.txt, or a vocab.json",
    );

    await writeFiles(directory, { "vocab.txt": VOCABULARY });
    await expect(loadPretrained(directory)).rejects.toThrow("must hold model.safetensors or pytorch_model.bin");

    await writeFiles(directory, { "model.safetensors.index.json": { weight_map: { "a.weight": "part.data" } } });
    await expect(loadPretrained(directory)).rejects.toThrow('must name files beside it, but "part.data" is not there.');
  });

  it("refuses an index that leads out of the directory", async () => {
    const index = { weight_map: { "a.weight": "../part.data" } };
    await writeFiles(directory, {
      "config.json": CONFIG,
      "vocab.txt": VOCABULARY,
      "model.safetensors.index.json": index,
    });

    await expect(loadPretrained(directory)).rejects.toThrow("must be a file name without a folder");
  });

  it.each(["part\u0000", "..", ".", "a\\b"])(
    "refuses an index that names %j, which no file is called",
    async (name) => {
      await writeFiles(directory, {
        "config.json": CONFIG,
        "vocab.txt": VOCABULARY,
        "model.safetensors.index.json": { weight_map: { "a.weight": name } },
      });

      await expect(loadPretrained(directory)).rejects.toThrow(ModelFileError);
    },
  );

  it.each([
    ["a width of 2³⁰", { hidden_size: 2 ** 30 }],
    ["2³⁰ words", { vocab_size: 2 ** 30 }],
    ["2³⁰ layers", { num_hidden_layers: 2 ** 30 }],
    ["2⁴⁰ positions", { max_position_embeddings: 2 ** 40 }],
    ["heads that do not divide the width", { num_attention_heads: 3 }],
  ])("refuses %s before it takes any memory, and leaves no tensor behind", async (_, change) => {
    await writeFiles(directory, {
      "config.json": { ...CONFIG, ...change },
      "vocab.txt": VOCABULARY,
      "model.safetensors": safetensorsBytes(weights),
    });
    const before = tf.memory().numTensors;

    const loading = loadPretrained(directory);

    await expect(loading).rejects.toThrow(ModelFileError);
    await expect(loading).rejects.toThrow("config.json must describe the encoder whose weights are beside it");
    expect(tf.memory().numTensors).toBe(before);
  });

  it("says of a directory where a file must be that it cannot be read", async () => {
    await mkdir(join(directory, "config.json"));

    await expect(loadPretrained(directory)).rejects.toThrow("config.json must be a readable file, but is not: EISDIR");
  });

  it("refuses a tokenizer with more tokens than the encoder has vectors", async () => {
    const vocabulary = `${VOCABULARY}headache\n`;
    await writeFiles(directory, {
      "config.json": CONFIG,
      "vocab.txt": vocabulary,
      "model.safetensors": safetensorsBytes(weights),
    });

    await expect(loadPretrained(directory)).rejects.toThrow(
      "a tokenizer of at most 6 tokens as config.json says, got 7.",
    );
  });

  it("says of weights cut anywhere that they are damaged", async () => {
    const whole = safetensorsBytes(weights);
    await writeFiles(directory, { "config.json": CONFIG, "vocab.txt": VOCABULARY });
    const before = tf.memory().numTensors;
    for (let length = 0; length < whole.length; length += 701) {
      await writeFiles(directory, { "model.safetensors": whole.slice(0, length) });
      await expect(loadPretrained(directory)).rejects.toThrow(ModelFileError);
    }

    expect(tf.memory().numTensors).toBe(before);
  });

  it("reads what half precision keeps of the weights", async () => {
    const halves = new Map(
      [...weights].map(([name, { shape }]) => {
        const bytes = new Uint8Array(shape.reduce((product, size) => product * size, 2));
        for (let index = 1; index < bytes.length; index += 2) bytes[index] = 0x3c; // 0x3c00 is 1
        return [name, { shape, dtype: "F16" as const, bytes }];
      }),
    );
    await writeFiles(directory, {
      "config.json": CONFIG,
      "vocab.txt": VOCABULARY,
      "model.safetensors": safetensorsBytes(halves),
    });

    const { encoder: loaded } = await loadPretrained(directory);

    for (const value of loaded.parameters().values()) expect(new Set(value.dataSync())).toEqual(new Set([1]));
    loaded.dispose();
  });

  it("saves what it loaded", async () => {
    await writeFiles(directory, {
      "config.json": CONFIG,
      "vocab.txt": VOCABULARY,
      "model.safetensors": safetensorsBytes(weights),
    });
    const first = await loadPretrained(directory);

    await first.save(join(directory, "saved", "again"));
    const second = await loadPretrained(join(directory, "saved", "again"));

    const tokenIds = tf.tensor2d([[2, 5, 3]], undefined, "int32");
    const mask = tf.ones([1, 3]) as tf.Tensor2D;
    const [ours, theirs] = [first, second].map((each) => each.encoder.encode({ tokenIds, mask }, INFERENCE));
    expect(theirs?.hidden.dataSync()).toEqual(ours?.hidden.dataSync());
    tf.dispose([tokenIds, mask, { ...ours }, { ...theirs }]);
    first.encoder.dispose();
    second.encoder.dispose();
  });
});
