import { createRandom, INFERENCE, Noise } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { type AlbertConfig, AlbertEncoder } from "./albert.ts";
import type { EncoderInput } from "./encoder.ts";

const CONFIG: AlbertConfig = {
  family: "albert",
  vocabularySize: 20,
  embeddingSize: 4,
  hiddenSize: 8,
  layers: 4,
  groups: 2,
  layersPerGroup: 1,
  heads: 2,
  intermediateSize: 16,
  maxPositions: 12,
  typeVocabularySize: 2,
  dropout: 0.1,
  attentionDropout: 0.1,
  layerNormEpsilon: 1e-12,
  activation: "gelu_new",
  padId: 0,
};

function createInput(): EncoderInput {
  return { tokenIds: tf.tensor2d([[2, 7, 3, 9]], [1, 4], "int32"), mask: tf.tensor2d([[1, 1, 1, 0]]) };
}

function difference(first: tf.Tensor, second: tf.Tensor): number {
  return first.sub(second).abs().max().dataSync()[0] as number;
}

/** Gives parameters whose path starts with `to` the values of those that start with `from`. */
function copyParameters(encoder: AlbertEncoder, from: string, to: string): void {
  const parameters = encoder.parameters();
  for (const [path, variable] of parameters) {
    if (path.startsWith(from)) parameters.get(path.replace(from, to))?.assign(variable);
  }
}

/** Adds noise to all weights, so that layers differ beyond their tiny start. */
function stir(encoder: AlbertEncoder): AlbertEncoder {
  const random = createRandom(9);
  for (const variable of encoder.parameters().values()) {
    const values = Float32Array.from({ length: variable.size }, () => random.normal() * 0.3);
    tf.tidy(() => variable.assign(variable.add(tf.tensor(values, variable.shape))));
  }
  return encoder;
}

describe("AlbertEncoder", () => {
  it("applies each group's layers in turn, the first half of the depth with the first group", () => {
    const shared = stir(new AlbertEncoder(CONFIG, createRandom(1)));
    const unrolled = stir(new AlbertEncoder({ ...CONFIG, groups: 4 }, createRandom(1)));
    for (const name of ["embeddings", "widening", "pooler"]) {
      const values = shared.parameters();
      for (const [path, variable] of unrolled.parameters()) {
        if (path.startsWith(name)) variable.assign(values.get(path) as tf.Variable);
      }
    }
    for (const [path, variable] of shared.parameters()) {
      if (path.startsWith("groups.0.")) unrolled.parameters().get(path)?.assign(variable);
      if (path.startsWith("groups.1."))
        unrolled.parameters().get(path.replace("groups.1", "groups.2"))?.assign(variable);
    }
    copyParameters(unrolled, "groups.0.", "groups.1.");
    copyParameters(unrolled, "groups.2.", "groups.3.");

    const expected = unrolled.encode(createInput(), INFERENCE);
    const actual = shared.encode(createInput(), INFERENCE);

    expect(difference(actual.hidden, expected.hidden)).toBeLessThan(1e-6);
    expect(difference(actual.attention as tf.Tensor, expected.attention as tf.Tensor)).toBeLessThan(1e-6);
  });

  it("applies every layer within a group", () => {
    const inner = stir(new AlbertEncoder({ ...CONFIG, layers: 1, groups: 1, layersPerGroup: 2 }, createRandom(1)));
    const outer = stir(new AlbertEncoder({ ...CONFIG, layers: 2, groups: 2 }, createRandom(1)));
    const values = inner.parameters();
    for (const [path, variable] of outer.parameters()) {
      variable.assign(values.get(path.replace(/^groups\.(\d)\.0/, "groups.0.$1")) as tf.Variable);
    }

    const expected = outer.encode(createInput(), INFERENCE);
    const actual = inner.encode(createInput(), INFERENCE);

    expect(difference(actual.hidden, expected.hidden)).toBeLessThan(1e-6);
  });

  it("draws masks for embeddings, attention weights and the attention map only", () => {
    const encoder = new AlbertEncoder(CONFIG, createRandom(1));
    const noise = new Noise(tf.tensor1d([1, 2], "int32"));

    encoder.encode(createInput(), { training: true, noise });

    expect(noise.nextSite()).toBe(1 + 2 * CONFIG.layers);
  });

  it("gives the same as a recorded graph, with gradients", () => {
    const encoder = stir(new AlbertEncoder(CONFIG, createRandom(1)));
    const variables = [...encoder.parameters().values()];
    const run = (input: EncoderInput): tf.Tensor[] => {
      const { value, grads } = tf.variableGrads(() => {
        const { hidden, pooled, attention } = encoder.encode(input, INFERENCE);
        return hidden
          .tanh()
          .mean()
          .add(pooled.mean())
          .add((attention as tf.Tensor4D).square().sum());
      }, variables);
      return [value, ...variables.flatMap((variable) => grads[variable.name] ?? [])];
    };
    const recorded = record(run, { variables });
    const input = createInput();

    const results = recorded(input);

    const expected = tf.tidy(() => run(input));
    expect(results.length).toBe(1 + variables.length);
    results.forEach((result, index) => expect(difference(result, expected[index] as tf.Tensor)).toBeLessThan(1e-5));
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    recorded.dispose();
  });

  it("leaves three tensors a call, and none when disposed of", () => {
    const before = tf.memory().numTensors;
    const encoder = new AlbertEncoder(CONFIG, createRandom(1));
    const input = createInput();
    const start = tf.memory().numTensors;

    const output = encoder.encode(input, INFERENCE);

    expect(tf.memory().numTensors).toBe(start + 3);
    tf.dispose([{ ...output }, { ...input }]);
    encoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses heads that do not divide the hidden size", () => {
    const create = (): AlbertEncoder => new AlbertEncoder({ ...CONFIG, heads: 3 }, createRandom(1));

    expect(create).toThrow(new RangeError("heads must divide hiddenSize (8), got 3."));
  });
});
