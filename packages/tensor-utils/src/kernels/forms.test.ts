import { readdirSync } from "node:fs";

import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { record } from "../graph/record.ts";
import { INFERENCE, Noise } from "../mode.ts";
import { logSumExpPool } from "../pooling.ts";
import {
  drawTensor,
  largestDifference,
  outputAndGradients,
  valueAndGradients,
  valuesOf,
} from "./__fixtures__/value-and-gradients.ts";
import { attention, attentionWeights } from "./attention.ts";
import { dropout, dropoutMask } from "./dropout.ts";
import { gatherRows } from "./gather-rows.ts";
import { gelu, tanhGelu } from "./gelu.ts";
import { groupBilinear } from "./group-bilinear.ts";
import { layerNorm } from "./layer-norm.ts";
import { linear, matrixProduct } from "./linear.ts";

type Form = (...inputs: tf.Tensor[]) => tf.Tensor;

/** A kernel, what it is in plain tfjs, and shapes to try it on; constants are made anew at each call. */
interface KernelCase {
  readonly fused: Form;
  readonly plain: Form;
  readonly shapes: readonly (readonly number[])[];
}

const noise = (): { training: true; noise: Noise } => ({
  training: true,
  noise: new Noise(tf.tensor1d([5, 6], "int32")),
});
const maskOf = (shape: readonly number[]): tf.Tensor => dropoutMask(shape, 0.3, tf.tensor1d([5, 6], "int32"), 0);
const rows = (): tf.Tensor1D => tf.tensor1d([2, 0, 2, 1, 2], "int32");
const present = (): tf.Tensor2D =>
  tf.tensor2d([
    [1, 1, 0],
    [1, 1, 1],
  ]);
const hidden = (): tf.Tensor4D => tf.tensor4d([0, 0, 0, -1e9, -1e9], [1, 1, 1, 5]);
const softmaxOfProducts = (query: tf.Tensor, key: tf.Tensor): tf.Tensor =>
  tf.softmax(tf.matMul(query, key, false, true).div(Math.sqrt(4)).add(hidden()));

const CASES: Readonly<Record<string, Readonly<Record<string, KernelCase>>>> = {
  "attention.ts": {
    attention: {
      fused: (query, key, value) =>
        attention(query as tf.Tensor4D, key as tf.Tensor4D, value as tf.Tensor4D, hidden(), 0, INFERENCE),
      plain: (query, key, value) => tf.matMul(softmaxOfProducts(query, key), value as tf.Tensor),
      shapes: Array(3).fill([2, 3, 5, 4]),
    },
    "attention with dropout": {
      fused: (query, key, value) =>
        attention(query as tf.Tensor4D, key as tf.Tensor4D, value as tf.Tensor4D, hidden(), 0.3, noise()),
      plain: (query, key, value) =>
        tf.matMul(softmaxOfProducts(query, key).mul(maskOf([2, 3, 5, 5])), value as tf.Tensor),
      shapes: Array(3).fill([2, 3, 5, 4]),
    },
    attentionWeights: {
      fused: (query, key) => attentionWeights(query as tf.Tensor4D, key as tf.Tensor4D, hidden()),
      plain: softmaxOfProducts,
      shapes: Array(2).fill([2, 3, 5, 4]),
    },
  },
  "dropout.ts": {
    dropout: {
      fused: (input) => dropout(input, 0.3, noise()),
      plain: (input) => input.mul(maskOf([4, 3, 6])),
      shapes: [[4, 3, 6]],
    },
  },
  "gather-rows.ts": {
    gatherRows: {
      fused: (table) => gatherRows(table, rows()),
      plain: (table) => tf.matMul(tf.oneHot(rows(), 3).cast("float32"), table),
      shapes: [[3, 4]],
    },
  },
  "gelu.ts": {
    gelu: {
      fused: (input) => gelu(input),
      plain: (input) => input.mul(input.mul(Math.SQRT1_2).erf().add(1)).mul(0.5),
      shapes: [[5, 7]],
    },
    tanhGelu: {
      fused: (input) => tanhGelu(input),
      plain: (input) =>
        input.mul(
          input
            .add(input.mul(input).mul(input).mul(0.044715))
            .mul(Math.sqrt(2 / Math.PI))
            .tanh()
            .add(1)
            .mul(0.5),
        ),
      shapes: [[5, 7]],
    },
  },
  "group-bilinear.ts": {
    groupBilinear: {
      fused: (head, tail, weight) => groupBilinear(head as tf.Tensor2D, tail as tf.Tensor2D, weight as tf.Tensor2D),
      plain: (head, tail, weight) => {
        const blocks = [0, 1, 2].map((block) => {
          const [left, right] = [head, tail].map((side) => (side as tf.Tensor2D).slice([0, block * 2], [4, 2]));
          return (left as tf.Tensor)
            .expandDims(2)
            .mul((right as tf.Tensor).expandDims(1))
            .reshape([4, 4]);
        });
        return tf.matMul(tf.concat(blocks, 1), weight as tf.Tensor, false, true);
      },
      shapes: [
        [4, 6],
        [4, 6],
        [5, 12],
      ],
    },
  },
  "layer-norm.ts": {
    layerNorm: {
      fused: (input, gain, shift) => layerNorm(input, gain as tf.Tensor, shift as tf.Tensor, 1e-6),
      plain: (input, gain, shift) => {
        const centred = input.sub(input.mean(-1, true));
        const deviation = centred.square().mean(-1, true).add(1e-6).sqrt();
        return centred
          .div(deviation)
          .mul(gain as tf.Tensor)
          .add(shift as tf.Tensor);
      },
      shapes: [[2, 5, 8], [8], [8]],
    },
  },
  "linear.ts": {
    linear: {
      fused: (input, weight, bias) => linear(input, weight as tf.Tensor, bias as tf.Tensor),
      plain: (input, weight, bias) =>
        tf
          .matMul(input.reshape([-1, 6]), weight as tf.Tensor, false, true)
          .add(bias as tf.Tensor)
          .reshape([2, 5, 4]),
      shapes: [[2, 5, 6], [4, 6], [4]],
    },
    matrixProduct: {
      fused: (left, right) => matrixProduct(left as tf.Tensor2D, right as tf.Tensor2D),
      plain: (left, right) => tf.matMul(left, right as tf.Tensor),
      shapes: [
        [5, 6],
        [6, 4],
      ],
    },
    "matrixProduct with the right operand transposed": {
      fused: (left, right) => matrixProduct(left as tf.Tensor2D, right as tf.Tensor2D, { transposeRight: true }),
      plain: (left, right) => tf.matMul(left, right as tf.Tensor, false, true),
      shapes: [
        [5, 6],
        [4, 6],
      ],
    },
  },
  "../pooling.ts": {
    logSumExpPool: {
      fused: (vectors) => logSumExpPool(vectors as tf.Tensor3D, present()),
      plain: (vectors) => vectors.exp().mul(present().expandDims(2)).sum(1).log(),
      shapes: [[2, 3, 4]],
    },
  },
};

/** What holds no kernel of its own, and kernels whose forms their own test holds together. */
const ELSEWHERE = ["fused-region.ts", "native-operation.ts", "scan.ts", "lstm.ts"];

describe("every kernel", () => {
  it("is listed here, or tested elsewhere", () => {
    const files = readdirSync(new URL(".", import.meta.url)).filter((name) => /^[^.]+\.ts$/.test(name));

    expect([...Object.keys(CASES).filter((name) => !name.startsWith("..")), ...ELSEWHERE].toSorted()).toEqual(
      files.toSorted(),
    );
  });

  const cases = Object.values(CASES).flatMap((file) => Object.entries(file));

  it.each(cases)("%s gives the value and gradients of plain tfjs, in eager form and in a graph", (name, kernel) => {
    const inputs = kernel.shapes.map((shape, index) => drawTensor(`${name} ${index}`, shape));
    const run = ({ inputs }: { inputs: tf.Tensor[] }): tf.Tensor[] => outputAndGradients(kernel.fused, inputs);
    const recorded = record(run, { variables: [] });

    const plain = valueAndGradients(kernel.plain, inputs);
    const eager = valueAndGradients(kernel.fused, inputs);
    const graph = valuesOf(recorded({ inputs }));

    expect(largestDifference(eager, plain)).toBeLessThan(1e-5);
    expect(largestDifference(graph, plain)).toBeLessThan(1e-5);
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    recorded.dispose();
  });
});
