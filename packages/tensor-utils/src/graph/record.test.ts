import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { fusedRegion } from "../kernels/fused-region.ts";
import { record } from "./record.ts";
import { useGraphs } from "./settings.ts";

const values = (tensor: tf.Tensor | undefined): number[] => [...(tensor as tf.Tensor).dataSync()];

describe("record", () => {
  it("gives the results of the plain function, gradients included, for changing inputs and variables", () => {
    const weight = tf.variable(
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
    );
    const fn = ({ input }: { input: tf.Tensor2D }): tf.Tensor[] => {
      const { value, grads } = tf.variableGrads(
        () =>
          input
            .matMul(weight as tf.Tensor2D)
            .tanh()
            .sum(),
        [weight],
      );
      return [value, grads[weight.name] as tf.Tensor];
    };
    const recorded = record(fn, { variables: [weight] });

    for (const scale of [0.1, 0.2]) {
      weight.assign(weight.mul(0.5));
      const input = tf.tensor2d([
        [scale, 2],
        [3, 4],
        [-1, scale],
      ]);
      const [value, gradient] = recorded({ input });
      const [plainValue, plainGradient] = fn({ input });

      expect(values(value)[0]).toBeCloseTo(values(plainValue)[0] as number, 5);
      values(plainGradient).forEach((expected, index) => expect(values(gradient)[index]).toBeCloseTo(expected, 5));
    }
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    recorded.dispose();
    weight.dispose();
  });

  it("compiles a fused region to the same values", () => {
    const fn = ({ input }: { input: tf.Tensor2D }): tf.Tensor[] => {
      const doubled = input.mul(2);
      const [shifted, total] = fusedRegion(() => {
        const centred = doubled.sub(doubled.mean(-1, true)).reshape([3, 2]);
        return [centred.exp().add(tf.tensor1d([1, 2])), centred.square().sum(0)] as const;
      });
      return [shifted.matMul(tf.ones([2, 2])), total];
    };
    const recorded = record(fn, { variables: [] });
    const input = tf.tensor2d([
      [0.5, 2, 1],
      [3, 4, -1],
    ]);

    const results = recorded({ input });

    const expected = fn({ input });
    results.forEach((result, index) => {
      const plain = values(expected[index]);
      values(result).forEach((value, place) => expect(value).toBeCloseTo(plain[place] as number, 4));
    });
    recorded.dispose();
  });

  it("makes one graph per shape and plain value and frees the one used longest ago", () => {
    const recorded = record(({ x, power }: { x: tf.Tensor; power: number }) => [x.pow(power)], {
      variables: [],
      maxGraphs: 2,
    });

    const results = [1, 2, 3].map((power) => values(recorded({ x: tf.tensor1d([2, 3]), power })[0]));

    expect(results).toEqual([
      [2, 3],
      [4, 9],
      [8, 27],
    ]);
    expect(recorded.graphCount()).toBeLessThanOrEqual(2);
    recorded.dispose();
    expect(recorded.graphCount()).toBe(0);
  });

  it("runs a function that reads values back as it is", () => {
    const recorded = record(({ x }: { x: tf.Tensor1D }) => [x.mul(x.mul(1).dataSync()[0] as number)], {
      variables: [],
    });

    const results = [2, 3].map((value) => values(recorded({ x: tf.tensor1d([value]) })[0])[0]);

    expect(results).toEqual([4, 9]);
    expect(recorded.graphCount()).toBe(0);
  });

  it.runIf(tf.getBackend() === "tensorflow")("refuses a tensor that is neither input nor variable", () => {
    const stray = tf.tensor1d([1]).add(1);
    const recorded = record(({ x }: { x: tf.Tensor1D }) => [x.add(stray)], { variables: [] });

    expect(() => recorded({ x: tf.tensor1d([1]) })).toThrow("a recorded function must use its input");
  });

  it("leaves its results behind and no other tensor", () => {
    const recorded = record(({ x }: { x: tf.Tensor1D }) => [x.mul(2).add(1)], { variables: [] });
    const x = tf.tensor1d([1]);
    const before = tf.memory().numTensors;

    recorded({ x });
    recorded({ x });

    expect(tf.memory().numTensors).toBe(before + 2);
    recorded.dispose();
  });

  it("frees what the gradient of a function had saved that turns out not to be recordable", () => {
    const doubled = tf.customGrad((...inputs) => {
      const [x, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
      save([x]);
      const first = x.mul(1).dataSync()[0] as number; // read back after the tape has saved something, too
      return { value: x.mul(first), gradFunc: ((dy: tf.Tensor) => dy.mul(first)) as never };
    });
    const differentiate = tf.grad((x: tf.Tensor) => doubled(x.square().exp()).sum());
    const recorded = record(({ x }: { x: tf.Tensor }) => [differentiate(x)], { variables: [] });
    const [two, three] = [tf.tensor1d([0.5]), tf.tensor1d([0.5, 1])];
    const before = tf.memory().numTensors;

    tf.dispose([recorded({ x: two }), recorded({ x: three })]);

    expect(tf.memory().numTensors).toBe(before);
    expect(recorded.graphCount()).toBe(0);
  });

  it("runs as it is while graphs are switched off", () => {
    const recorded = record(({ input }: { input: tf.Tensor }) => [input.square()], { variables: [] });
    const before = useGraphs({ enabled: false });

    const [result] = recorded({ input: tf.tensor1d([3]) });
    useGraphs(before);

    expect(values(result)).toEqual([9]);
    expect(recorded.graphCount()).toBe(0);
  });

  it.runIf(tf.getBackend() === "tensorflow")("rounds the operands of matrix products to bf16 when told to", () => {
    const recorded = record(({ left, right }: { left: tf.Tensor2D; right: tf.Tensor2D }) => [left.matMul(right)], {
      variables: [],
    });
    const input = { left: tf.tensor2d([[1 + 2 ** -12, 1]]), right: tf.tensor2d([[1], [2 ** -12]]) };
    const exact = recorded(input)[0];
    const before = useGraphs({ products: "bf16" });

    const rounded = recorded(input)[0];
    useGraphs(before);

    // bf16 has 8 bits: 1 + 2⁻¹² is 1 there; the sum 1 + 2⁻¹² is rounded to 1 as well.
    expect(values(exact)).toEqual([1 + 2 ** -11]);
    expect(values(rounded)).toEqual([1]);
    expect(recorded.graphCount()).toBe(2);
    recorded.dispose();
  });

  it("makes large constants of one value anew at each call", () => {
    const fn = ({ input }: { input: tf.Tensor1D }): tf.Tensor[] => [
      tf.ones([2048]).mul(input),
      tf.fill([40, 40], 7, "int32"),
    ];
    const recorded = record(fn, { variables: [] });

    const [product, sevens] = recorded({ input: tf.tensor1d([3]) });

    expect(new Set(values(product))).toEqual(new Set([3]));
    expect(sevens?.dtype).toBe("int32");
    expect(values(sevens)).toEqual(Array(1600).fill(7));
    recorded.dispose();
  });
});
