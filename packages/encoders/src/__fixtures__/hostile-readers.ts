import { readFileSync } from "node:fs";
import { dirname } from "node:path";

import { createRandom, ShapeError } from "@relatum/tensor-utils";
import { zipSync } from "fflate";

import { type Chance, mutateBytes } from "../../../../tools/hostile-inputs.ts";
import { type HostileReader, readAsFile } from "../../../../tools/hostile-readers.ts";
import { withoutLeaks } from "../../../../tools/hostile-tensors.ts";
import { BertEncoder } from "../bert.ts";
import { loadPretrained } from "../pretrained.ts";
import { parseTokenizer } from "../tokens/subword.ts";
import { ModelFileError } from "../weights/model-file-error.ts";
import { toHuggingFaceName } from "../weights/parameter-names.ts";
import { readSafetensorsIndex } from "../weights/safetensors-index.ts";
import type { ByteSource, StoredTensor } from "../weights/stored-tensor.ts";
import { parseTorchCheckpoint } from "../weights/torch-checkpoint.ts";
import { parseNumpyArray } from "../words/numpy-array.ts";
import { loadDocredVectors, loadGloveVectors } from "../words/word-vectors.ts";
import { parseWordVocabulary } from "../words/word-vocabulary.ts";
import { float32, safetensorsBytes, torchBytes, writeFiles } from "./model-directory.ts";
import { formatNumpyArray } from "./numpy-file.ts";

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, import.meta.url)));

/** Reads every tensor, one after the other. */
async function readAll(tensors: ReadonlyMap<string, StoredTensor>): Promise<void> {
  for (const { shape, read } of tensors.values()) {
    const count = shape.reduce((product, size) => product * size, 1);
    const values = await read();
    if (values.length !== count) throw new TypeError(`A tensor must have ${count} values, got ${values.length}.`);
  }
}

const weights = new Map([
  ["a.weight", float32([2, 2], [1, 2, 3, 4])],
  ["a.bias", float32([2], [5, 6])],
]);

function sourceOf(bytes: Uint8Array): ByteSource {
  return {
    path: "model.bin",
    size: bytes.length,
    read: (start, end) => {
      if (start < 0 || end > bytes.length || end < start) throw new TypeError(`Bytes ${start}–${end} were asked for.`);
      return Promise.resolve(bytes.subarray(start, end));
    },
  };
}

const PICKLE = Buffer.from(
  "(dS'weight'\nctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI2\ntQ" +
    "I0\n(I2\nt(I1\ntI00\nccollections\nOrderedDict\n(tRtRs.",
);

const PICKLE_WORDS = [
  "cposix\nsystem\n", "ccollections\nOrderedDict\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nLongStorage\n",
  "(", "t", "R", "b", "}", "]", ")", "e", "u", "s", "0", "1", "2", ".", "N", "Q", "I0\n", "g0\n", "p0\n", "\x81",
  "(dS'length'\nI4294967295\nsb", "B\xfb\xff\xff\xff", "\x8b\x00\x00\x01\x00", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
  "S'__proto__'\n", "S'__setstate__'\n", "S'__dict__'\n", "q\x00", "h\x00", "\x94", "\x93", "\x85", "\x86", "\x87",
];

const torchFixtures = [fixture("torch-checkpoint.bin"), fixture("torch-checkpoint-old.bin")];

/** An archive whose pickle has been changed, or is made of pieces. */
function buildTorch(chance: Chance): Uint8Array {
  const pieces = Array.from({ length: 1 + chance.below(20) }, () => chance.pick(PICKLE_WORDS)).join("");
  const pickle = chance.happens(0.7)
    ? mutateBytes(PICKLE, chance, PICKLE_WORDS)
    : Buffer.concat([Buffer.from(pieces, "latin1"), PICKLE]);
  const key = chance.pick(["0", "0", "0", "1", "../0"]);
  return zipSync({ "model/data.pkl": pickle, [`model/data/${key}`]: new Uint8Array(8) }, { level: 0 });
}

const PIECES = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\naspirin\nhead\n##ache\n";
const MERGES = "#version: 0.2\na b\nab c\n";
const TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "a", "b", "c", "ab", "abc"];
const BYTE_LEVEL = JSON.stringify(Object.fromEntries(TOKENS.map((token, id) => [token, id])));
const WORDS = ["aspirin", "Headache", "abc", "", "\ud800", "東京", "x".repeat(200)];

const TOKENIZER = JSON.stringify({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [
    { id: 2, content: "[CLS]", special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
  ],
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    ],
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: null,
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: { "[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, aspirin: 4, head: 5, "##ache": 6 },
  },
});

const UNIGRAM = JSON.stringify({
  normalizer: { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
  pre_tokenizer: { type: "Metaspace", replacement: "▁", add_prefix_space: true },
  model: { type: "Unigram", unk_id: 1, vocab: [["<pad>", 0], ["<unk>", 0], ["[CLS]", 0], ["[SEP]", 0], ["▁a", -2]] },
});

const BYTE_PAIRS = JSON.stringify({
  added_tokens: [
    { id: 3, content: "<unk>", special: true, single_word: true, lstrip: true, rstrip: true, normalized: true },
  ],
  normalizer: { type: "Sequence", normalizers: [{ type: "NFKC" }, { type: "StripAccents" }] },
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: "\\s+|[^\\s]+" }, behavior: "Isolated", invert: false },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    ],
  },
  model: {
    type: "BPE",
    dropout: null,
    unk_token: "<unk>",
    continuing_subword_prefix: "",
    end_of_word_suffix: "",
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(TOKENS.map((token, id) => [token, id])),
    merges: [["a", "b"], ["ab", "c"]],
  },
});

/** Reads a tokenizer of which one file is hostile, and gives it words. */
function readTokenizer(name: string, sound: Readonly<Record<string, string>> = {}) {
  return async (bytes: Uint8Array): Promise<void> => {
    const files = new Map([...Object.entries(sound), [name, Buffer.from(bytes).toString()]]);
    const tokenizer = parseTokenizer(files, { place: "model" });
    await tokenizer.prepare(WORDS);
    for (const word of WORDS) tokenizer.tokenizeWord(word);
  };
}

const CONFIG = {
  model_type: "bert",
  vocab_size: 8,
  hidden_size: 4,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 6,
  max_position_embeddings: 8,
  type_vocab_size: 2,
  hidden_act: "gelu",
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
};

const tensors = encoderTensors();
const shard = safetensorsBytes(tensors);
const INDEX = { metadata: { total_size: 100 }, weight_map: { "embeddings.word_embeddings.weight": "model-1.safetensors" } };

function encoderTensors(): Map<string, ReturnType<typeof float32>> {
  const sizes = { vocabularySize: 8, hiddenSize: 4, layers: 1, heads: 2, intermediateSize: 6, maxPositions: 8 };
  const rest = { typeVocabularySize: 2, dropout: 0, attentionDropout: 0, layerNormEpsilon: 1e-12, padId: 0 } as const;
  const encoder = new BertEncoder({ family: "bert", activation: "gelu", ...sizes, ...rest }, createRandom(5));
  const named = [...encoder.parameters()].map(([path, value]) => {
    return [toHuggingFaceName(path, "bert"), float32(value.shape, value.dataSync())] as const;
  });
  encoder.dispose();
  return new Map(named);
}

/** Loads a model of whose directory one file is hostile. */
function readModel(folder: string, name: string, sound: Readonly<Record<string, unknown>>) {
  return (bytes: Uint8Array): Promise<void> =>
    readAsFile(`${folder}/${name}`, bytes, async (path) => {
      await writeFiles(dirname(path), sound);
      const { encoder } = await loadPretrained(dirname(path));
      encoder.dispose();
    });
}

const modelFile = { errors: [ModelFileError], form: "bytes" } as const;
const loading = { errors: [ModelFileError, ShapeError], place: /hostile-\w+\/\w+(?:\/[\w.-]+)?:? / } as const;

const READERS: readonly HostileReader[] = [
  {
    ...modelFile,
    name: "safetensors of an encoder",
    seeds: [safetensorsBytes(weights)],
    place: /^model\.bin/,
    read: async (bytes) => readAll(await readSafetensorsIndex(sourceOf(bytes))),
  },
  {
    ...modelFile,
    name: "torch checkpoint",
    seeds: [...torchFixtures, torchBytes(weights)],
    words: PICKLE_WORDS,
    build: buildTorch,
    place: /^model\.bin/,
    read: (bytes) => readAll(parseTorchCheckpoint(bytes, "model.bin")),
  },
  {
    ...modelFile,
    name: "tokenizer.json",
    form: "json",
    seeds: [TOKENIZER, UNIGRAM, BYTE_PAIRS],
    place: /^model\/tokenizer\.json/,
    read: readTokenizer("tokenizer.json"),
  },
  {
    ...modelFile,
    name: "vocab.txt",
    seeds: [PIECES],
    words: ["\n", "\r\n", "[PAD]", "##", "__proto__\n"],
    place: /^model\/vocab\.txt/,
    read: readTokenizer("vocab.txt"),
  },
  {
    ...modelFile,
    name: "vocab.json",
    form: "json",
    seeds: [BYTE_LEVEL],
    place: /^model\/(?:vocab\.json|merges\.txt)/,
    read: readTokenizer("vocab.json", { "merges.txt": MERGES }),
  },
  {
    ...modelFile,
    name: "merges.txt",
    seeds: [MERGES],
    words: ["\n", " ", "a b\n", "b c\n"],
    place: /^model\/(?:vocab\.json|merges\.txt)/,
    read: readTokenizer("merges.txt", { "vocab.json": BYTE_LEVEL }),
  },
  {
    ...modelFile,
    name: "tokenizer_config.json",
    form: "json",
    seeds: ['{"cls_token":"[CLS]","sep_token":{"content":"[SEP]"},"do_lower_case":true,"strip_accents":null}'],
    place: /^model\/(?:tokenizer_config\.json|vocab\.txt)/,
    read: readTokenizer("tokenizer_config.json", { "vocab.txt": PIECES }),
  },
  {
    ...loading,
    name: "config.json of an encoder",
    form: "json",
    seeds: [JSON.stringify(CONFIG)],
    read: readModel("config", "config.json", { "vocab.txt": PIECES, "model.safetensors": shard }),
  },
  {
    ...loading,
    name: "model.safetensors.index.json",
    form: "json",
    seeds: [JSON.stringify(INDEX)],
    words: ["../", "/etc/", "model-1.safetensors"],
    read: readModel("index", "model.safetensors.index.json", {
      "config.json": CONFIG,
      "vocab.txt": PIECES,
      "model-1.safetensors": shard,
    }),
  },
  {
    ...modelFile,
    name: "GloVe text",
    seeds: ["the 1 2\nsea -3 0.5\n<unk> 1 1\n", "2 3\nthe 1 2 3\nsea 4 5 6\n", "sea 3 4\na b 1 2\n"],
    words: ["\n", " ", "\r\n", "nan", "1e400", "<unk>", "PK\x03\x04", "99999999999"],
    place: /hostile-\w+\/glove\.txt(?: line \d+)? /,
    read: (bytes) =>
      readAsFile("glove.txt", bytes, async (path) => {
        await loadGloveVectors(path);
        await loadGloveVectors(path, { words: ["sea", "sky"] });
      }),
  },
  {
    ...modelFile,
    name: "NumPy array",
    seeds: [formatNumpyArray([2, 2], Float32Array.of(1, 2, 3, 4)), formatNumpyArray([1], Float64Array.of(1))],
    build: (chance) => {
      const shape = chance.pick(["(2,)", "()", "(0,)", "(99999999999,)", "(2,1,1)", "(1e3,)", "(-1,)", "(0, 9e9)"]);
      const type = chance.pick(["<f4", "<f8", "|O", ">f4", "<i4"]);
      const file = formatNumpyArray([2], Float32Array.of(1, 2), { shape, type });
      return mutateBytes(file, chance, ["'shape':", "'descr':", "(", ")"]);
    },
    place: /^vec\.npy/,
    read: (bytes) => parseNumpyArray(bytes, "vec.npy"),
  },
  {
    ...modelFile,
    name: "word2id.json",
    form: "json",
    seeds: ['{"BLANK":0,"UNK":1,"sea":2}'],
    place: /^word2id\.json/,
    read: (bytes) => parseWordVocabulary(Buffer.from(bytes).toString(), "word2id.json"),
  },
  {
    ...modelFile,
    name: "DocRED's word vectors",
    seeds: [formatNumpyArray([3, 2], new Float32Array(6))],
    place: /hostile-\w+\/vec\.npy/,
    read: (bytes) =>
      readAsFile("word2id.json", '{"BLANK":0,"UNK":1,"sea":2}', (vocabulary) =>
        readAsFile("vec.npy", bytes, (path) => loadDocredVectors(vocabulary, path)),
      ),
  },
];

/** All readers of files of this package. */
export const HOSTILE_READERS: readonly HostileReader[] = READERS.map(withoutLeaks);
