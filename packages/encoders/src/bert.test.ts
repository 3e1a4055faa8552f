import { createRandom, drawNoiseSeed, INFERENCE, type Mode, Noise } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { directionalSlopes } from "./__fixtures__/directional-slopes.ts";
import { type BertConfig, BertEncoder } from "./bert.ts";
import type { EncoderInput } from "./encoder.ts";

const CONFIG: BertConfig = {
  family: "bert",
  vocabularySize: 20,
  hiddenSize: 8,
  layers: 2,
  heads: 2,
  intermediateSize: 16,
  maxPositions: 12,
  typeVocabularySize: 2,
  dropout: 0.1,
  attentionDropout: 0.1,
  layerNormEpsilon: 1e-12,
  activation: "gelu",
  padId: 0,
};

/** Larger than BERT's own start, so that attention is far from uniform. */
function createEncoder(changes: Partial<BertConfig> = {}): BertEncoder {
  const random = createRandom(5);
  const encoder = new BertEncoder({ ...CONFIG, ...changes }, random);
  for (const [name, variable] of encoder.parameters()) {
    const values = Float32Array.from({ length: variable.size }, () => random.normal() * 0.3);
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape).add(name.endsWith("orm.weight") ? 1 : 0)));
  }
  return encoder;
}

function createInput(tokenIds: number[][], mask: number[][]): EncoderInput {
  return { tokenIds: tf.tensor2d(tokenIds, undefined, "int32"), mask: tf.tensor2d(mask) };
}

function values(tensor: tf.Tensor | undefined): number[] {
  return [...(tensor as tf.Tensor).dataSync()];
}

function largestDifference(first: tf.Tensor | undefined, second: tf.Tensor | undefined): number {
  const others = values(second);
  return Math.max(...values(first).map((value, index) => Math.abs(value - (others[index] as number))));
}

describe("BertEncoder", () => {
  it("keeps hidden tokens from changing the vectors and attention of visible ones", () => {
    const encoder = createEncoder();

    const mask = [[1, 1, 1, 0]];
    const first = encoder.encode(createInput([[2, 7, 3, 0]], mask), INFERENCE);
    const second = encoder.encode(createInput([[2, 7, 3, 9]], mask), INFERENCE);

    const visible = (hidden: tf.Tensor3D): tf.Tensor => hidden.slice([0, 0, 0], [1, 3, -1]);
    expect(largestDifference(visible(first.hidden), visible(second.hidden))).toBe(0);
    expect(values(first.attention?.slice([0, 0, 0, 3], [1, 2, 3, 1]))).toEqual(Array(6).fill(0));
  });

  it("takes a mask by query and key in place of one by key", () => {
    const encoder = createEncoder();
    const input = createInput([[2, 7, 3, 9]], [[1, 1, 0, 1]]);
    const byQuery = { ...input, mask: tf.tile(input.mask.expandDims<tf.Tensor3D>(1), [1, 4, 1]) };

    const expected = encoder.encode(input, INFERENCE);
    const actual = encoder.encode(byQuery, INFERENCE);

    expect(largestDifference(actual.hidden, expected.hidden)).toBeLessThan(1e-6);
  });

  it.each([
    [
      "a mask by key",
      [
        [1, 1, 1, 1],
        [1, 1, 1, 0],
      ],
    ],
    [
      "a mask by query and key",
      [
        [
          [1, 0, 0, 0],
          [1, 1, 0, 0],
          [1, 1, 1, 0],
          [0, 1, 0, 1],
        ],
        [
          [1, 1, 1, 0],
          [1, 0, 1, 0],
          [0, 1, 1, 0],
          [1, 1, 1, 0],
        ],
      ],
    ],
  ])("gives the vectors of some tokens alone, with %s", (_, mask) => {
    const encoder = createEncoder();
    const tokenIds = tf.tensor2d(
      [
        [2, 7, 3, 9],
        [4, 4, 5, 0],
      ],
      undefined,
      "int32",
    );
    const input = { tokenIds, mask: tf.tensor(mask) as tf.Tensor2D };
    const before = tf.memory().numTensors;

    const some = encoder.encodeAt(
      input,
      tf.tensor2d(
        [
          [3, 1, 1],
          [0, 2, 0],
        ],
        undefined,
        "int32",
      ),
      INFERENCE,
    );

    expect(tf.memory().numTensors).toBe(before + 2);
    const rows = encoder.encode(input, INFERENCE).hidden.reshape([8, 8]).gather([3, 1, 1, 4, 6, 4]);
    expect(some.shape).toEqual([2, 3, 8]);
    expect(largestDifference(some.reshape([6, 8]), rows)).toBeLessThan(1e-6);
  });

  it("lets each query see what its own row of the mask shows", () => {
    const encoder = createEncoder();
    const lower = [
      [1, 0, 0],
      [1, 1, 0],
      [1, 1, 1],
    ];
    const input = { tokenIds: tf.tensor2d([[2, 7, 3]], [1, 3], "int32"), mask: tf.tensor3d([lower]) };

    const { attention } = encoder.encode(input, INFERENCE);

    const seen = values(attention).map((weight) => (weight > 0 ? 1 : 0));
    expect(seen).toEqual([...lower.flat(), ...lower.flat()]);
  });

  it("counts positions from 0 and takes every token for segment 0", () => {
    const encoder = createEncoder();
    const input = createInput([[2, 7, 0, 3]], [[1, 1, 1, 1]]);
    const explicit = {
      ...input,
      positionIds: tf.tensor2d([[0, 1, 2, 3]], [1, 4], "int32"),
      tokenTypeIds: tf.zeros<tf.Rank.R2>([1, 4], "int32"),
    };

    const expected = encoder.encode(explicit, INFERENCE);
    const actual = encoder.encode(input, INFERENCE);

    expect(largestDifference(actual.hidden, expected.hidden)).toBeLessThan(1e-6);
  });

  it("counts RoBERTa's positions from padId + 1 over the tokens that are not padId", () => {
    const encoder = createEncoder({ family: "roberta", padId: 1 });
    const input = createInput([[0, 7, 1, 3, 0]], [[1, 1, 1, 1, 1]]);
    const explicit = { ...input, positionIds: tf.tensor2d([[2, 3, 1, 4, 5]], [1, 5], "int32") };

    const expected = encoder.encode(explicit, INFERENCE);
    const actual = encoder.encode(input, INFERENCE);

    expect(largestDifference(actual.hidden, expected.hidden)).toBeLessThan(1e-6);
    expect(encoder.maxTokens).toBe(10);
  });

  it("drops values when training, the same ones for the same seed, yet gives attention before dropout", () => {
    const encoder = createEncoder({ dropout: 0, attentionDropout: 0.5, layers: 1 });
    const input = createInput([[2, 7, 3, 9]], [[1, 1, 1, 1]]);
    const seed = tf.tensor1d([1, 2], "int32");

    const calm = encoder.encode(input, INFERENCE);
    const first = encoder.encode(input, { training: true, noise: new Noise(seed) });
    const again = encoder.encode(input, { training: true, noise: new Noise(seed) });
    const other = encoder.encode(input, { training: true, noise: new Noise(tf.tensor1d([3, 4], "int32")) });

    expect(largestDifference(first.hidden, again.hidden)).toBe(0);
    expect(largestDifference(first.hidden, other.hidden)).toBeGreaterThan(0.01);
    expect(largestDifference(first.hidden, calm.hidden)).toBeGreaterThan(0.01);
    expect(largestDifference(first.attention, calm.attention)).toBeLessThan(1e-6);
  });

  it("draws a mask at each of Hugging Face's sites: embeddings, attention weights, attention map, feed-forward map", () => {
    const encoder = createEncoder();
    const noise = new Noise(tf.tensor1d([1, 2], "int32"));

    encoder.encode(createInput([[2, 7]], [[1, 1]]), { training: true, noise });

    expect(noise.nextSite()).toBe(1 + 3 * CONFIG.layers);
  });

  it("starts with normal weights of deviation 0.02, zero biases and unit gains", () => {
    const encoder = new BertEncoder({ ...CONFIG, vocabularySize: 500 }, createRandom(1));
    const parameters = encoder.parameters();

    const words = values(parameters.get("embeddings.words.weight"));
    const deviation = Math.sqrt(words.reduce((sum, value) => sum + value ** 2, 0) / words.length);
    expect(deviation).toBeGreaterThan(0.019);
    expect(deviation).toBeLessThan(0.021);
    expect(values(parameters.get("layers.1.intermediate.bias"))).toEqual(Array(16).fill(0));
    expect(values(parameters.get("layers.1.outputNorm.weight"))).toEqual(Array(8).fill(1));
  });

  it("passes a gradient to every parameter", () => {
    const encoder = createEncoder();
    const input = {
      ...createInput([[2, 7, 3, 9]], [[1, 1, 1, 0]]),
      tokenTypeIds: tf.tensor2d([[0, 0, 1, 1]], [1, 4], "int32"),
    };
    const mode: Mode = { training: true, noise: new Noise(drawNoiseSeed(createRandom(3))) };

    const { grads } = tf.variableGrads(() => {
      const { hidden, pooled } = encoder.encode(input, mode);
      const slope = tf.range(0, 8).cos(); // a plain sum of normalised values has no gradient
      return hidden.mul(slope).sum().add(pooled.mul(slope).sum());
    });

    const without = [...encoder.parameters()].filter(([, variable]) => {
      const gradient = grads[variable.name];
      return gradient === undefined || Math.max(...values(gradient).map(Math.abs)) < 1e-6;
    });
    // The key bias shifts all scores of a query alike: the softmax takes no notice.
    expect(without.map(([path]) => path)).toEqual(["layers.0.attention.key.bias", "layers.1.attention.key.bias"]);
  });

  it.each(["layers.1.attention.query.weight", "layers.0.output.weight", "embeddings.words.weight"])(
    "passes the gradient of its attention on to %s, as finite differences have it",
    (path) => {
      const encoder = createEncoder();
      const input = createInput([[2, 7, 3, 9]], [[1, 1, 1, 0]]);
      const waves = tf.range(0, 32).cos().reshape([1, 2, 4, 4]);
      const loss = (): tf.Scalar =>
        (encoder.encode(input, INFERENCE).attention as tf.Tensor4D).mul(waves).sum() as tf.Scalar;
      const variable = encoder.parameters().get(path) as tf.Variable;

      const { analytic, numeric } = directionalSlopes(loss, variable);

      expect(Math.abs(analytic)).toBeGreaterThan(0.01);
      expect(Math.abs(numeric / analytic - 1)).toBeLessThan(0.01);
    },
  );

  it.each(["bert", "roberta"] as const)("gives the same as a recorded graph: %s", (family) => {
    const encoder = createEncoder({ family });
    const recorded = record<EncoderInput>(
      (input) => {
        const { hidden, pooled, attention } = encoder.encode(input, INFERENCE);
        return [hidden, pooled, attention as tf.Tensor];
      },
      { variables: [...encoder.parameters().values()] },
    );
    const input = createInput(
      [
        [2, 7, 3, 9],
        [4, 0, 8, 0],
      ],
      [
        [1, 1, 1, 1],
        [1, 1, 1, 0],
      ],
    );

    const [hidden, pooled, attention] = recorded(input);

    const expected = encoder.encode(input, INFERENCE);
    expect(largestDifference(hidden, expected.hidden)).toBeLessThan(1e-5);
    expect(largestDifference(pooled, expected.pooled)).toBeLessThan(1e-5);
    expect(largestDifference(attention, expected.attention)).toBeLessThan(1e-5);
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    recorded.dispose();
  });

  it("leaves three tensors a call, and none when disposed of", () => {
    const before = tf.memory().numTensors;
    const encoder = createEncoder();
    const input = createInput([[2, 7, 3, 9]], [[1, 1, 1, 0]]);
    const noise = new Noise(tf.tensor1d([1, 2], "int32"));
    const start = tf.memory().numTensors;

    const calm = encoder.encode(input, INFERENCE);
    expect(tf.memory().numTensors).toBe(start + 3);
    const training = encoder.encode(input, { training: true, noise });
    expect(tf.memory().numTensors).toBe(start + 6);

    tf.dispose([{ ...calm }, { ...training }, { ...input }, noise.seed]);
    encoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ["bert", 12],
    ["roberta", 10],
  ] as const)("refuses rows longer than there are positions: %s", (family, most) => {
    const encoder = createEncoder({ family, padId: 1 });
    const tokenIds = tf.ones<tf.Rank.R2>([1, most + 1], "int32");

    const encoded = (): unknown => encoder.encode({ tokenIds, mask: tf.onesLike(tokenIds) }, INFERENCE);

    expect(encoded).toThrow(new RangeError(`input must have at most ${most} tokens a row, got ${most + 1}.`));
  });

  it("refuses heads that do not divide the hidden size", () => {
    const create = (): BertEncoder => createEncoder({ heads: 3 });

    expect(create).toThrow(new RangeError("heads must divide hiddenSize (8), got 3."));
  });
});
