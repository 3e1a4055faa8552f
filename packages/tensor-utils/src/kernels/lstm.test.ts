import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { record } from "../graph/record.ts";
import { ShapeError } from "../shapes.ts";
import { drawTensor, largestDifference } from "./__fixtures__/value-and-gradients.ts";
import { bidirectionalLstm, type LstmDirections, type LstmWeights } from "./lstm.ts";

const [BATCH, TOKENS, INPUT, HIDDEN] = [3, 5, 4, 2];
const LENGTHS = [5, 2, 0];

const WEIGHT_SHAPES: readonly (readonly number[])[] = [
  [4 * HIDDEN, INPUT],
  [4 * HIDDEN, HIDDEN],
  [4 * HIDDEN],
  [4 * HIDDEN],
];

/** The input, then the weights of both directions. */
const INPUTS: readonly tf.Tensor[] = [
  drawTensor("input", [BATCH, TOKENS, INPUT]),
  ...["forward", "backward"].flatMap((name) =>
    WEIGHT_SHAPES.map((shape, index) => drawTensor(`${name} ${index}`, shape)),
  ),
];
const MASK = maskOf(LENGTHS, TOKENS);

describe("bidirectionalLstm", () => {
  it("opens and closes its gates in PyTorch's order, with both biases", () => {
    // Input gate 3/4, forget gate 1/2, candidate 1/2, output gate 1/4: the cell holds 3/8, then 3/8 · 1/2 + 3/8 = 9/16.
    const biases = tf.tensor1d([Math.log(3), 0, Math.log(3) / 2, -Math.log(3)]);
    const weights = { ...zeroWeights(), inputBias: biases.mul(0.25), stateBias: biases.mul(0.75) };
    const [first, second] = [Math.tanh(3 / 8) / 4, Math.tanh(9 / 16) / 4];

    const { hidden, last } = bidirectionalLstm(tf.ones([1, 2, 1]), tf.ones([1, 2]), same(weights));

    expect(numbers(hidden)).toEqual(close([first, second, second, first]));
    expect(numbers(last)).toEqual(close([second, second]));
  });

  it("feeds each step the input and the output before it", () => {
    // Without biases the gates are 1/2; the candidate alone sees the input, the output gate the output before.
    const inputWeight = tf.tensor2d([[0], [0], [1], [0]]);
    const stateWeight = tf.tensor2d([[0], [0], [0], [2]]);
    const weights = { ...zeroWeights(), inputWeight, stateWeight };
    const cells = [Math.tanh(3) / 2, Math.tanh(3) / 4 + Math.tanh(-1) / 2] as const;
    const first = Math.tanh(cells[0]) / 2;
    const second = Math.tanh(cells[1]) / (1 + Math.exp(-2 * first));

    const { hidden } = bidirectionalLstm(tf.tensor3d([3, -1], [1, 2, 1]), tf.ones([1, 2]), {
      forward: weights,
      backward: zeroWeights(),
    });

    expect(numbers(hidden)).toEqual(close([first, 0, second, 0]));
  });

  it("starts backwards at the last token, and gives 0 at padding whatever it holds", () => {
    const short = bidirectionalLstm(row(1, 2), tf.ones([1, 2]), directions());
    const input = tf.concat([row(1, 2), tf.fill([1, 3, INPUT], 1e3)], 1) as tf.Tensor3D;
    const padded = bidirectionalLstm(input, maskOf([2], 5), directions());

    expect(numbers(padded.last)).toEqual(close([...short.last.dataSync()]));
    expect(numbers(padded.hidden)).toEqual(close([...short.hidden.dataSync(), ...new Float32Array(3 * 2 * HIDDEN)]));
  });

  it("gives a row of padding the last outputs 0", () => {
    const { last } = bidirectionalLstm(row(0, 2), tf.zeros([1, 2]), directions());

    expect(numbers(last)).toEqual(close([0, 0, 0, 0]));
  });

  it("takes rows of one token", () => {
    const { hidden, last } = bidirectionalLstm(row(0, 1), tf.ones([1, 1]), directions());

    expect([...last.dataSync()]).toEqual([...hidden.dataSync()]);
  });

  it("has the values and gradients of plain operations on each row alone, on every engine and as a graph", async () => {
    const plain = tidied(() => withGradients(rowByRow, INPUTS));
    const recorded = record(({ inputs, mask }: Given) => withGradients(kernel(mask), inputs), { variables: [] });

    const eager = tidied(() => withGradients(kernel(MASK), INPUTS));
    const graph = tidied(() => recorded({ inputs: INPUTS, mask: MASK }));
    const portable = await onEngine("cpu", () => tidied(() => withGradients(kernel(MASK), INPUTS)));

    expect(largestDifference(eager, plain)).toBeLessThan(1e-5);
    expect(largestDifference(graph, plain)).toBeLessThan(1e-5);
    expect(largestDifference(portable, plain)).toBeLessThan(1e-5);
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    recorded.dispose();
  });

  it("names the weight whose shape does not fit", () => {
    const forward = { ...zeroWeights(), inputBias: tf.zeros([3]) };
    const compute = (): unknown => bidirectionalLstm(tf.ones([1, 2, 1]), tf.ones([1, 2]), same(forward));

    expect(compute).toThrow(ShapeError);
    expect(compute).toThrow("forward.inputBias must have shape [4 · hidden=4], got [3].");
  });

  it("refuses a mask of another size", () => {
    const compute = (): unknown => bidirectionalLstm(tf.ones([1, 2, 1]), tf.ones([1, 3]), same(zeroWeights()));

    expect(compute).toThrow("mask must have shape [batch=1, tokens=2], got [1, 3].");
  });

  it("leaves its two results behind and no other tensor", () => {
    const given = directions();
    const before = tf.memory().numTensors;

    bidirectionalLstm(INPUTS[0] as tf.Tensor3D, MASK, given);

    expect(tf.memory().numTensors).toBe(before + 2);
  });
});

function zeroWeights(): LstmWeights {
  return {
    inputWeight: tf.zeros([4, 1]),
    stateWeight: tf.zeros([4, 1]),
    inputBias: tf.zeros([4]),
    stateBias: tf.zeros([4]),
  };
}

function same(weights: LstmWeights): LstmDirections {
  return { forward: weights, backward: weights };
}

function directions(inputs: readonly tf.Tensor[] = INPUTS): LstmDirections {
  const [forward, backward] = [1, 5].map((start): LstmWeights => {
    const [inputWeight, stateWeight, inputBias, stateBias] = inputs.slice(start) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    return { inputWeight, stateWeight, inputBias, stateBias };
  });
  return { forward: forward as LstmWeights, backward: backward as LstmWeights };
}

/** The first tokens of one row of the input. */
function row(index: number, tokens: number): tf.Tensor3D {
  return (INPUTS[0] as tf.Tensor3D).slice([index, 0, 0], [1, tokens, -1]);
}

function maskOf(lengths: readonly number[], tokens: number): tf.Tensor2D {
  return tf.tensor2d(lengths.map((length) => Array.from({ length: tokens }, (_, token) => Number(token < length))));
}

interface Given {
  readonly inputs: readonly tf.Tensor[];
  readonly mask: tf.Tensor2D;
}

/** Both results of the kernel in one row of numbers. */
function kernel(mask: tf.Tensor2D): (...inputs: tf.Tensor[]) => tf.Tensor {
  return (...inputs) => {
    const { hidden, last } = bidirectionalLstm(inputs[0] as tf.Tensor3D, mask, directions(inputs));
    return tf.concat([hidden.flatten(), last.flatten()]);
  };
}

/** The same by plain operations on the real tokens of each row. */
function rowByRow(...inputs: tf.Tensor[]): tf.Tensor {
  const { forward, backward } = directions(inputs);
  const rows = LENGTHS.map((length, index) => {
    const tokens = (inputs[0] as tf.Tensor3D).slice([index, 0, 0], [1, length, -1]).reshape([length, INPUT]);
    const steps = length === 0 ? [] : tf.split(tokens, length);
    const there = readPlainly(steps, forward);
    const back = readPlainly(steps.toReversed(), backward).toReversed();
    const padding = tf.zeros([(TOKENS - length) * 2 * HIDDEN]);
    const hidden = steps.flatMap((_, step) => [there[step], back[step]] as tf.Tensor[]);
    const last = length === 0 ? [tf.zeros([2 * HIDDEN])] : ([there.at(-1), back[0]] as tf.Tensor[]);
    return { hidden: [...hidden, padding], last };
  });
  const all = [...rows.flatMap(({ hidden }) => hidden), ...rows.flatMap(({ last }) => last)];
  return tf.concat(all.map((part) => part.flatten()));
}

function readPlainly(steps: readonly tf.Tensor[], weights: LstmWeights): tf.Tensor[] {
  let [hidden, cell] = [tf.zeros([1, HIDDEN]), tf.zeros([1, HIDDEN])];
  return steps.map((step) => {
    const fromInput = tf.matMul(step, weights.inputWeight, false, true).add(weights.inputBias);
    const fromState = tf.matMul(hidden, weights.stateWeight, false, true).add(weights.stateBias);
    const gates = tf.split(fromInput.add(fromState), 4, 1);
    const [input, forget, candidate, output] = gates as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    cell = forget.sigmoid().mul(cell).add(input.sigmoid().mul(candidate.tanh()));
    hidden = output.sigmoid().mul(cell.tanh());
    return hidden;
  });
}

/** An operation's value and its gradients, when the value's cells are weighed at random. */
function withGradients(operation: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: readonly tf.Tensor[]): tf.Tensor[] {
  const weights = drawTensor("cotangent", [BATCH * (TOKENS + 1) * 2 * HIDDEN]);
  const gradients = tf.grads((...given) =>
    operation(...given)
      .mul(weights)
      .sum(),
  );
  return [operation(...inputs), ...gradients([...inputs])];
}

function tidied(compute: () => tf.Tensor[]): number[][] {
  return tf.tidy(() => compute().map((tensor) => [...tensor.dataSync()]));
}

async function onEngine<T>(engine: string, compute: () => T): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend(engine);
  try {
    return compute();
  } finally {
    await tf.setBackend(before);
  }
}

function numbers(tensor: tf.Tensor): number[] {
  return [...tensor.dataSync()];
}

function close(expected: readonly number[]): unknown[] {
  return expected.map((value) => expect.closeTo(value, 5) as unknown);
}
