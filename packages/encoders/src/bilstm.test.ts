import { createRandom, INFERENCE, type Mode, Noise } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { type BiLstmConfig, BiLstmEncoder, type BiLstmInput } from "./bilstm.ts";

const CONFIG: BiLstmConfig = { inputSize: 3, stateSize: 2, layers: 2, inputDropout: 0, outputDropout: 0 };

function createEncoder(changes: Partial<BiLstmConfig> = {}): BiLstmEncoder {
  return new BiLstmEncoder({ ...CONFIG, ...changes }, createRandom(5));
}

/** One vector a token; the rest of each row is padding that holds `filler`. */
function createInput(lengths: readonly number[], tokens: number, filler = 0): BiLstmInput {
  const random = createRandom(9);
  const mask = tf.tensor2d(
    lengths.map((length) => Array.from({ length: tokens }, (_, token) => Number(token < length))),
  );
  const rows = lengths.map((length) =>
    Array.from({ length: tokens }, (_, token) =>
      Array.from({ length: CONFIG.inputSize }, () => (token < length ? random.normal() : filler)),
    ),
  );
  return { vectors: tf.tensor3d(rows), mask };
}

function values(tensor: tf.Tensor): number[] {
  return [...tensor.dataSync()];
}

function close(expected: tf.Tensor): unknown[] {
  return values(expected).map((value) => expect.closeTo(value, 5) as unknown);
}

function training(): Mode {
  return { training: true, noise: new Noise(tf.tensor1d([1, 2], "int32")) };
}

describe("BiLstmEncoder", () => {
  it("names its parameters as PyTorch does", () => {
    const shapes = new Map([...createEncoder().parameters()].map(([name, { shape }]) => [name, shape]));

    const ofLayer = (suffix: string, width: number): [string, number[]][] => [
      [`lstm.weight_ih_${suffix}`, [8, width]],
      [`lstm.weight_hh_${suffix}`, [8, 2]],
      [`lstm.bias_ih_${suffix}`, [8]],
      [`lstm.bias_hh_${suffix}`, [8]],
    ];
    expect([...shapes]).toEqual([
      ...ofLayer("l0", 3),
      ...ofLayer("l0_reverse", 3),
      ...ofLayer("l1", 4),
      ...ofLayer("l1_reverse", 4),
    ]);
  });

  it("starts with weights and biases uniform in ±1/√stateSize", () => {
    const encoder = createEncoder({ inputSize: 50, stateSize: 25, layers: 1 });

    const drawn = [...encoder.parameters().values()].flatMap((parameter) => values(parameter));

    expect(Math.max(...drawn)).toBeLessThanOrEqual(1 / 5);
    expect(Math.max(...drawn)).toBeGreaterThan(0.195);
    expect(Math.min(...drawn)).toBeLessThan(-0.195);
  });

  it("feeds each layer what the layer before gives", () => {
    const encoder = createEncoder();
    const input = createInput([3, 2], 3);
    const singles = [3, 4].map((inputSize, layer) => {
      const single = createEncoder({ inputSize, layers: 1 });
      const own = [...encoder.parameters()].filter(([name]) => name.includes(`_l${layer}`));
      single.loadParameters(new Map(own.map(([name, value]) => [name.replace(`_l${layer}`, "_l0"), value])));
      return single;
    }) as [BiLstmEncoder, BiLstmEncoder];

    const { hidden, pooled } = encoder.encode(input, INFERENCE);

    const middle = singles[0].encode(input, INFERENCE).hidden;
    const expected = singles[1].encode({ ...input, vectors: middle }, INFERENCE);
    expect(values(hidden)).toEqual(close(expected.hidden));
    expect(values(pooled)).toEqual(close(expected.pooled));
    expect(hidden.shape).toEqual([2, 3, encoder.hiddenSize]);
  });

  it("pools the forward state at the last token and the backward one at the first", () => {
    const { hidden, pooled } = createEncoder().encode(createInput([2], 4), INFERENCE);

    const forward = hidden.slice([0, 1, 0], [1, 1, 2]);
    const backward = hidden.slice([0, 0, 2], [1, 1, 2]);
    expect(values(pooled)).toEqual([...values(forward), ...values(backward)]);
  });

  it("gives the same whatever the padding holds and however much there is", () => {
    const encoder = createEncoder();

    const short = encoder.encode(createInput([2], 2), INFERENCE);
    const long = encoder.encode(createInput([2], 5, 100), INFERENCE);

    expect(values(long.hidden)).toEqual([...close(short.hidden), ...close(tf.zeros([3 * 4]))]);
    expect(values(long.pooled)).toEqual(close(short.pooled));
  });

  it("drops values of the input and of both outputs when training, the same ones for the same seed", () => {
    const input = createInput([3], 3);
    const calm = createEncoder().encode(input, INFERENCE);
    const atInput = createEncoder({ inputDropout: 0.5 });
    const atOutput = createEncoder({ outputDropout: 0.5 });

    const first = atInput.encode(input, training());
    const dropped = atOutput.encode(input, training());

    expect(values(first.hidden)).not.toEqual(values(calm.hidden));
    expect(values(atInput.encode(input, training()).hidden)).toEqual(values(first.hidden));
    const doubled = (tensor: tf.Tensor): unknown[] => close(tensor.mul(2));
    values(dropped.hidden).forEach((value, cell) => {
      expect([0, doubled(calm.hidden)[cell]]).toContainEqual(value === 0 ? 0 : value);
    });
    expect(values(dropped.hidden)).toContain(0);
    expect(values(atInput.encode(input, INFERENCE).pooled)).toEqual(values(calm.pooled));
  });

  it("is recorded as one graph, gradients of every parameter included", () => {
    const encoder = createEncoder();
    const variables = [...encoder.parameters().values()];
    const step = (input: BiLstmInput): tf.Tensor[] => {
      const { value, grads } = tf.variableGrads(() => {
        const { hidden, pooled } = encoder.encode(input, INFERENCE);
        return hidden.square().sum().add(pooled.sum()) as tf.Scalar;
      }, variables);
      return [value, ...variables.map(({ name }) => grads[name] as tf.Tensor)];
    };
    const recorded = record(step, { variables });
    const input = createInput([3, 1], 3);

    const results = recorded(input);

    step(input).forEach((expected, index) => expect(values(results[index] as tf.Tensor)).toEqual(close(expected)));
    results.forEach((gradient) => expect(Math.max(...values(gradient.abs()))).toBeGreaterThan(0));
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    recorded.dispose();
  });

  it.each([
    [{ layers: 0 }, "layers must be a positive integer, got 0."],
    [{ stateSize: 1.5 }, "stateSize must be a positive integer, got 1.5."],
  ])("refuses %j", (changes, message) => {
    expect(() => createEncoder(changes)).toThrow(new RangeError(message));
  });

  it("leaves its two results behind, and nothing once it is disposed of", () => {
    const input = createInput([3], 3);
    const before = tf.memory().numTensors;
    const encoder = createEncoder();
    const created = tf.memory().numTensors;

    const { hidden, pooled } = encoder.encode(input, INFERENCE);

    expect(tf.memory().numTensors).toBe(created + 2);
    tf.dispose([hidden, pooled]);
    encoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
