import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { type Binding, type NodeBackend, nodeBackend } from "./node-binding.ts";
import { inferOutputs, type InferredTensor } from "./shape-inference.ts";

/** Functions that send each operation of the rules to TensorFlow, with shapes that would show a mistake. */
const CASES: Readonly<Record<string, () => tf.Tensor | tf.Tensor[]>> = {
  broadcasting: () =>
    tf
      .ones([2, 1, 3])
      .add(tf.ones([4, 1]))
      .mul(2)
      .maximum(tf.ones([3]))
      .squaredDifference(1),
  comparisons: () =>
    tf
      .ones([2, 3])
      .greater(tf.ones([3]))
      .logicalAnd(tf.ones([2, 3]).lessEqual(1))
      .logicalNot(),
  "gradient of relu": () => [tf.ones([2, 3]).isNaN(), tf.ones([2, 3]).step()],
  "elementwise operations": () =>
    tf.ones([2, 3]).exp().log1p().sqrt().tanh().erf().neg().abs().sigmoid().relu().cast("int32"),
  reductions: () => [tf.ones([2, 3, 4]).sum(1), tf.ones([2, 3, 4]).mean([0, -1], true), tf.ones([2, 3]).max()],
  reshaping: () => [tf.ones([2, 3, 4]).reshape([-1, 4]), tf.ones([2, 3]).expandDims(-1), tf.ones([2, 3]).expandDims(0)],
  products: () => [
    tf.matMul(tf.ones([5, 2, 3]), tf.ones([5, 4, 3]), false, true),
    tf.matMul(tf.ones([3, 2]), tf.ones([3, 4]), true, false),
    tf.matMul(tf.ones([2, 5, 2, 3]), tf.ones([1, 5, 3, 4])),
  ],
  transposing: () => tf.transpose(tf.ones([2, 3, 4]), [2, 0, 1]),
  slicing: () => [tf.slice(tf.ones([4, 5]), [1, 2], [2, -1]), ...tf.split(tf.ones([4, 6]), [1, 3, 2], 1)],
  joining: () => [tf.concat([tf.ones([2, 3]), tf.ones([2, 1])], 1), tf.stack([tf.ones([2]), tf.ones([2])], 1)],
  unstacking: () => tf.unstack(tf.ones([3, 2]), 1),
  gathering: () => [
    tf.gather(tf.ones([4, 5]), tf.tensor1d([1, 2, 3], "int32")),
    tf.oneHot(tf.tensor1d([0, 1], "int32"), 4),
  ],
  scattering: () => tf.unsortedSegmentSum(tf.ones([3, 5]), tf.tensor1d([0, 1, 0], "int32"), 7),
  padding: () => [
    tf.pad(tf.ones([2, 3]), [
      [1, 2],
      [0, 1],
    ]),
    tf.tile(tf.ones([2, 3]), [2, 1]),
  ],
  choosing: () => tf.where(tf.ones([2, 3]).greater(0), tf.ones([2, 3]), tf.zeros([2, 3])),
  normalising: () => [
    tf.softmax(tf.ones([2, 3])),
    tf.logSoftmax(tf.ones([2, 3])),
    tf.addN([tf.ones([2]), tf.ones([2])]),
  ],
  ranking: () => Object.values(tf.topk(tf.ones([3, 5]), 2)),
  counting: () => [tf.range(0, 7, 2, "int32"), tf.range(5, 1, -1)],
  filling: () => tf.fill([2, 3], 1).add(tf.zerosLike(tf.ones([2, 3]))),
};

describe("inferOutputs", () => {
  const backend = nodeBackend();
  if (backend === undefined)
    console.info("Skipped: shape inference is compared with the native engine, which is not in use.");

  it.runIf(backend !== undefined).each(Object.entries(CASES))("says of %s what TensorFlow computes", (_, run) => {
    const { inferred, computed } = runBoth(run);

    expect(computed.length).toBeGreaterThan(0);
    expect(inferred).toEqual(computed);
  });
});

/** What an operation gives, by inference or by TensorFlow. */
interface Outcome {
  readonly name: string;
  readonly outputs: readonly { readonly shape: readonly number[]; readonly dtype: number }[] | undefined;
}

/** Runs a function and lists what was inferred of each operation, and what TensorFlow gave. */
function runBoth(run: () => tf.Tensor | tf.Tensor[]): { inferred: Outcome[]; computed: Outcome[] } {
  const backend = nodeBackend() as NodeBackend;
  const { binding } = backend;
  const known = new Map<number, InferredTensor>();
  const inferred: Outcome[] = [];
  const computed: Outcome[] = [];
  const facade: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(binding)) {
    const value = binding[name];
    facade[name] = typeof value === "function" ? value.bind(binding) : value;
  }
  backend.binding = Object.assign(facade, {
    createTensor: (shape: number[], dtype: number, values: ArrayLike<number>) => {
      const id = binding.createTensor(shape, dtype, values);
      known.set(id, { shape: [...shape], dtype, values });
      return id;
    },
    executeOp: (...call: Parameters<Binding["executeOp"]>) => {
      const [name, attributes, inputs, outputCount] = call;
      const tensors = inputs.map((id) => known.get(id) as InferredTensor);
      inferred.push({ name, outputs: inferOutputs(name, attributes, tensors, outputCount) });
      const outputs = binding.executeOp(...call);
      computed.push({ name, outputs: outputs.map(({ shape, dtype }) => ({ shape, dtype })) });
      for (const output of outputs) known.set(output.id, output);
      return outputs;
    },
  }) as unknown as Binding;
  try {
    tf.tidy(() => run() as tf.TensorContainer);
  } finally {
    backend.binding = binding;
  }
  return { inferred, computed };
}
