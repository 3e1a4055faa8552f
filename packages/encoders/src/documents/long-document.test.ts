import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { directionalSlopes } from "../__fixtures__/directional-slopes.ts";
import { BertEncoder } from "../bert.ts";
import { collateDocuments, type CollateDocumentsOptions, type DocumentInput } from "./document-input.ts";
import type { Encoder } from "../encoder.ts";
import { type DocumentEncoding, encodeDocuments } from "./long-document.ts";

const TOKENIZER = { startIds: [2], endIds: [3], padId: 0 };

/** Far from uniform in its attention, unlike BERT's own start. */
function createEncoder(): BertEncoder {
  const random = createRandom(5);
  const encoder = new BertEncoder(
    {
      family: "bert",
      vocabularySize: 30,
      hiddenSize: 8,
      layers: 2,
      heads: 2,
      intermediateSize: 16,
      maxPositions: 64,
      typeVocabularySize: 2,
      dropout: 0,
      attentionDropout: 0,
      layerNormEpsilon: 1e-12,
      activation: "gelu",
      padId: 0,
    },
    random,
  );
  for (const variable of encoder.parameters().values()) {
    const values = Float32Array.from({ length: variable.size }, () => random.normal() * 0.3);
    tf.tidy(() => variable.assign(variable.add(tf.tensor(values, variable.shape))));
  }
  return encoder;
}

function sequence(length: number, seed = 1): number[] {
  const random = createRandom(seed);
  return Array.from({ length }, (_, index) => (index === 0 ? 2 : index === length - 1 ? 3 : 4 + random.integer(26)));
}

interface EncodeOptions extends Partial<CollateDocumentsOptions> {
  readonly encoder?: Encoder;
}

function encode(sequences: number[][], queries: number[][], options: EncodeOptions = {}): DocumentEncoding {
  const { encoder = createEncoder(), ...rest } = options;
  const input = collateDocuments(sequences, queries, TOKENIZER, { maxRowTokens: 16, ...rest });
  return encodeDocuments(encoder, input, INFERENCE);
}

function difference(first: tf.Tensor, second: tf.Tensor): number {
  expect(first.shape).toEqual(second.shape);
  return first.sub(second).abs().max().dataSync()[0] as number;
}

/** Results of one document without its padding. */
function cut(encoding: DocumentEncoding, document: number, tokens: number, queries: number): tf.Tensor[] {
  return [
    encoding.hidden.slice([document, 0, 0], [1, tokens, -1]),
    encoding.queryHidden.slice([document, 0, 0], [1, queries, -1]),
    encoding.queryAttention.slice([document, 0, 0, 0], [1, queries, tokens, -1]),
  ];
}

describe("encodeDocuments", () => {
  it("gives the encoder's own vectors and attention rows where documents fit into a row", () => {
    const encoder = createEncoder();
    const input = collateDocuments([sequence(9), sequence(6)], [[4, 1], [5]], TOKENIZER, { maxRowTokens: 16 });

    const encoding = encodeDocuments(encoder, input, INFERENCE);

    const { hidden, attention } = encoder.encode(input.windows, INFERENCE);
    const row = (document: number, token: number): tf.Tensor =>
      (attention as tf.Tensor4D).slice([document, 0, token, 0], [1, -1, 1, -1]).reshape([2, 9]).transpose();
    const asked = (document: number, query: number): tf.Tensor =>
      encoding.queryAttention.slice([document, query, 0, 0], [1, 1, -1, -1]).reshape([9, 2]);
    expect(difference(encoding.hidden, hidden)).toBe(0);
    expect(difference(asked(0, 0), row(0, 4))).toBe(0);
    expect(difference(asked(0, 1), row(0, 1))).toBe(0);
    expect(difference(asked(1, 0), row(1, 5))).toBe(0);
    expect(difference(encoding.queryHidden.slice([1, 0, 0], [1, 1, -1]), hidden.slice([1, 5, 0], [1, 1, -1]))).toBe(0);
  });

  it("gives zeros for padding queries", () => {
    for (const length of [6, 20]) {
      const { queryHidden, queryAttention } = encode([sequence(length), sequence(5)], [[1, 2], [1]]);

      expect(queryHidden.slice([1, 1, 0], [1, 1, -1]).abs().max().dataSync()[0]).toBe(0);
      expect(queryAttention.slice([1, 1, 0, 0], [1, 1, -1, -1]).abs().max().dataSync()[0]).toBe(0);
    }
  });

  it("joins windows by the mean of vectors and by attention normalised again", () => {
    const encoder = createEncoder();
    const tokenIds = sequence(20);

    const { hidden, queryAttention } = encode([tokenIds], [[10, 2]], { encoder });

    // Windows of 16 hold tokens 0–14 and an end, then a start and tokens 5–19.
    const rows = [
      [...tokenIds.slice(0, 15), 3],
      [2, ...tokenIds.slice(5)],
    ];
    const input = { tokenIds: tf.tensor2d(rows, [2, 16], "int32"), mask: tf.ones<tf.Rank.R2>([2, 16]) };
    const output = encoder.encode(input, INFERENCE);
    const vectors = output.hidden.arraySync();
    const attention = (output.attention as tf.Tensor4D).arraySync();
    const mean = (vectors[0]?.[10] ?? []).map((value, index) => (value + (vectors[1]?.[6]?.[index] ?? NaN)) / 2);
    expect(difference(hidden.slice([0, 10, 0], [1, 1, 8]).flatten(), tf.tensor1d(mean))).toBeLessThan(1e-6);
    for (const head of [0, 1]) {
      const [first, second] = [attention[0]?.[head]?.[10] ?? [], attention[1]?.[head]?.[6] ?? []];
      const summed = tokenIds.map(
        (_, token) => (token < 15 ? (first[token] ?? NaN) : 0) + (token >= 5 ? (second[token - 4] ?? NaN) : 0),
      );
      const alone = tokenIds.map((_, token) => (token < 15 ? (attention[0]?.[head]?.[2]?.[token] ?? NaN) : 0));
      const normalise = (row: number[]): tf.Tensor1D =>
        tf.tensor1d(row).div(row.reduce((sum, value) => sum + value, 0));
      const ours = (query: number): tf.Tensor => queryAttention.slice([0, query, 0, head], [1, 1, -1, 1]).reshape([20]);
      expect(difference(ours(0), normalise(summed))).toBeLessThan(1e-6);
      expect(difference(ours(1), normalise(alone))).toBeLessThan(1e-6);
    }
  });

  it("gives every token of a document of five windows a vector, and attention that sums to 1", () => {
    const length = 60;
    const queries = Array.from({ length }, (_, token) => token);

    const { hidden, queryAttention } = encode([sequence(length)], [queries]);

    expect(hidden.abs().sum(2).min().dataSync()[0]).toBeGreaterThan(0.1);
    expect(queryAttention.sum(2).sub(1).abs().max().dataSync()[0]).toBeLessThan(1e-5);
  });

  it("gives zeros in the middle that the authors' release leaves out", () => {
    const { hidden, queryHidden, queryAttention } = encode([sequence(40)], [[14, 15, 24, 25]], { windows: "released" });

    const isZero = (tensor: tf.Tensor): number[] => [...tensor.flatten().equal(0).dataSync()];
    expect(isZero(hidden.abs().sum(2).slice([0, 14], [1, 12]))).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(isZero(queryHidden.abs().sum(2))).toEqual([0, 1, 1, 0]);
    expect(isZero(queryAttention.sum([2, 3]))).toEqual([0, 1, 1, 0]);
  });

  it("gives a document the same results alone, in a batch, and padded to buckets", () => {
    const encoder = createEncoder();
    const documents = [sequence(40, 1), sequence(9, 2), sequence(20, 3)];
    const queries = [[0, 14, 20, 39], [8, 3], [12]];

    const together = encode(documents, queries, { encoder });
    const bucketed = encode(documents, queries, { encoder, pad: "buckets" });

    expect(bucketed.hidden.shape).not.toEqual(together.hidden.shape);
    for (const [index, tokenIds] of documents.entries()) {
      const asked = queries[index] as number[];
      const alone = cut(encode([tokenIds], [asked], { encoder }), 0, tokenIds.length, asked.length);
      for (const encoding of [together, bucketed]) {
        for (const [part, tensor] of cut(encoding, index, tokenIds.length, asked.length).entries()) {
          expect(difference(tensor, alone[part] as tf.Tensor)).toBeLessThan(1e-5);
        }
      }
    }
  });

  it.each([
    [9, "layers.1.attention.key.weight"],
    [9, "embeddings.words.weight"],
    [40, "layers.1.attention.key.weight"],
    [40, "layers.0.output.weight"],
    [40, "embeddings.words.weight"],
  ])("passes gradients on, from %i tokens to %s, as finite differences have it", (length, path) => {
    const encoder = createEncoder();
    const input = collateDocuments([sequence(length)], [[1, 8, 5]], TOKENIZER, { maxRowTokens: 16 });
    const waves = ({ size, shape }: tf.Tensor, pace: number): tf.Tensor =>
      tf.range(0, size).mul(pace).cos().reshape(shape);
    const loss = (): tf.Scalar =>
      tf.tidy(() => {
        const { hidden, queryHidden, queryAttention } = encodeDocuments(encoder, input, INFERENCE);
        return hidden
          .mul(waves(hidden, 1.3))
          .mean()
          .add(queryHidden.mul(waves(queryHidden, 0.9)).mean())
          .add(queryAttention.mul(waves(queryAttention, 1.1)).sum());
      });

    const { analytic, numeric } = directionalSlopes(loss, encoder.parameters().get(path) as tf.Variable);

    expect(Math.abs(analytic)).toBeGreaterThan(0.01);
    expect(Math.abs(numeric / analytic - 1)).toBeLessThan(0.02);
  });

  it("keeps gradients finite where queries and tokens are padding or left out", () => {
    const encoder = createEncoder();
    const options = { maxRowTokens: 16, windows: "released", pad: "buckets" } as const;
    const input = collateDocuments([sequence(40), sequence(5)], [[20, 3, 30], [1]], TOKENIZER, options);

    const { grads } = tf.variableGrads(() => {
      const { hidden, queryHidden, queryAttention } = encodeDocuments(encoder, input, INFERENCE);
      return hidden.square().sum().add(queryHidden.square().sum()).add(queryAttention.square().sum());
    });

    for (const gradient of Object.values(grads)) {
      expect([...gradient.dataSync()].every((value) => Number.isFinite(value) && Math.abs(value) < 1e6)).toBe(true);
    }
  });

  it.each([9, 40])("gives the same as a recorded graph, with gradients: %i tokens", (length) => {
    const encoder = createEncoder();
    const variables = [...encoder.parameters().values()];
    const run = (input: DocumentInput): tf.Tensor[] => {
      const { value, grads } = tf.variableGrads(() => {
        const { hidden, queryHidden, queryAttention } = encodeDocuments(encoder, input, INFERENCE);
        return hidden.tanh().mean().add(queryHidden.tanh().mean()).add(queryAttention.square().mean());
      }, variables);
      return [value, ...variables.flatMap((variable) => grads[variable.name] ?? [])];
    };
    const recorded = record(run, { variables });
    const input = collateDocuments([sequence(length), sequence(5)], [[1, 7], [2]], TOKENIZER, {
      maxRowTokens: 16,
      pad: "buckets",
    });

    const results = recorded(input);

    const expected = tf.tidy(() => run(input));
    expect(results.length).toBe(expected.length);
    results.forEach((result, index) => expect(difference(result, expected[index] as tf.Tensor)).toBeLessThan(1e-5));
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    recorded.dispose();
  });

  it("leaves four tensors a call", () => {
    const encoder = createEncoder();
    for (const length of [9, 40]) {
      const input = collateDocuments([sequence(length)], [[1]], TOKENIZER, { maxRowTokens: 16 });
      const before = tf.memory().numTensors;

      const encoding = encodeDocuments(encoder, input, INFERENCE);

      expect(tf.memory().numTensors).toBe(before + 4);
      tf.dispose({ ...encoding });
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it("refuses an encoder without attention", () => {
    const silent: Encoder = {
      hiddenSize: 1,
      heads: 0,
      maxTokens: 16,
      parameters: () => new Map(),
      encode: () => ({ hidden: tf.zeros([1, 4, 1]), pooled: tf.zeros([1, 1]) }),
      encodeAt: () => tf.zeros([1, 1, 1]),
      dispose: () => undefined,
    };

    const encoded = (): unknown => encode([sequence(4)], [[1]], { encoder: silent });

    expect(encoded).toThrow(new TypeError("encoder must give attention, got one without."));
  });
});
