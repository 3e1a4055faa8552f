import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { AdamW } from "./adam-w.ts";
import { linearWarmup } from "./schedule.ts";

const EVERYTHING = [{ match: /./, learningRate: 0.1 }];

function parametersOf(values: Record<string, number[]>): Map<string, tf.Variable> {
  return new Map(Object.entries(values).map(([name, value]) => [name, tf.variable(tf.tensor1d(value))]));
}

function gradientsOf(values: Record<string, number[]>): Map<string, tf.Tensor> {
  return new Map(Object.entries(values).map(([name, value]) => [name, tf.tensor1d(value)]));
}

const read = (tensor: tf.Tensor | undefined): number[] => [...(tensor as tf.Tensor).dataSync()];

const close = (values: number[]): unknown[] => values.map((value) => expect.closeTo(value, 6));

describe("AdamW", () => {
  it("takes the two steps worked out by hand", () => {
    const parameters = parametersOf({ weight: [1] });
    const optimizer = new AdamW(parameters, [{ match: /./, learningRate: 0.1, weightDecay: 0.5 }]);

    optimizer.step(gradientsOf({ weight: [2] }));
    const first = read(parameters.get("weight"));
    optimizer.step(gradientsOf({ weight: [-1] }));
    const second = read(parameters.get("weight"));

    // Step 1: mean 0.2, square 0.004; the corrections 0.1 and 0.001 make the direction 2 / (2 + 1e-6·√1000).
    const moved = 1 - (0.1 * (Math.sqrt(0.001) / 0.1) * 0.2) / (Math.sqrt(0.004) + 1e-6);
    const afterFirst = moved - 0.1 * 0.5 * moved;
    expect(first).toEqual(close([afterFirst]));
    // Step 2: mean 0.9·0.2 - 0.1, square 0.999·0.004 + 0.001.
    const [mean, square] = [0.9 * 0.2 - 0.1, 0.999 * 0.004 + 0.001];
    const rate = (0.1 * Math.sqrt(1 - 0.999 ** 2)) / (1 - 0.9 ** 2);
    const movedAgain = afterFirst - (rate * mean) / (Math.sqrt(square) + 1e-6);
    expect(second).toEqual(close([movedAgain - 0.1 * 0.5 * movedAgain]));
  });

  it("takes PyTorch's step: the decay first, epsilon beside the corrected root", () => {
    const parameters = parametersOf({ weight: [1] });
    const groups = [{ match: /./, learningRate: 0.1, weightDecay: 0.5 }];
    const optimizer = new AdamW(parameters, groups, { form: "torch", epsilon: 0.25 });

    optimizer.step(gradientsOf({ weight: [2] }));
    const first = read(parameters.get("weight"));
    optimizer.step(gradientsOf({ weight: [-1] }));

    // Step 1: the corrected mean is 2, the corrected root 2; the decay takes 0.1·0.5 of the value before the move.
    const afterFirst = 1 * (1 - 0.1 * 0.5) - (0.1 * 2) / (2 + 0.25);
    expect(first).toEqual(close([afterFirst]));
    const [mean, square] = [0.9 * 0.2 - 0.1, 0.999 * 0.004 + 0.001];
    const root = Math.sqrt(square / (1 - 0.999 ** 2)) + 0.25;
    const afterSecond = afterFirst * (1 - 0.1 * 0.5) - (0.1 * (mean / (1 - 0.9 ** 2))) / root;
    expect(read(parameters.get("weight"))).toEqual(close([afterSecond]));
  });

  it("leaves the running means uncorrected when asked", () => {
    const parameters = parametersOf({ weight: [1] });
    const optimizer = new AdamW(parameters, EVERYTHING, { correctBias: false });

    optimizer.step(gradientsOf({ weight: [2] }));

    expect(read(parameters.get("weight"))).toEqual(close([1 - (0.1 * 0.2) / (Math.sqrt(0.004) + 1e-6)]));
  });

  it("scales all gradients to the norm allowed, and short ones not at all", () => {
    const optimizer = new AdamW(parametersOf({ left: [0], right: [0] }), EVERYTHING, { clipNorm: 1 });
    const meansAfter = (left: number, right: number): number[] => {
      const gradients = gradientsOf({ left: [left], right: [right] });
      const norm = optimizer.norm(gradients);
      const values = optimizer.update(["left", "right"], gradients, { scalars: optimizer.scalars(), norm });
      return [norm, values[1], values[4]].flatMap(read);
    };

    // 3 and 4 have norm 5; the running means are a tenth of the clipped gradients.
    const coefficient = 1 / (5 + 1e-6);
    expect(meansAfter(3, 4)).toEqual(close([5, 0.1 * 3 * coefficient, 0.1 * 4 * coefficient]));
    expect(meansAfter(0.3, 0.4)).toEqual(close([0.5, 0.03, 0.04]));
  });

  it("updates small parameters together and a large one by itself", () => {
    const variable = (size: number): tf.Variable => tf.variable(tf.zeros([size]));
    const parameters = new Map([
      ["first", variable(3)],
      ["second", variable(4)],
      ["large", variable(2 ** 24 + 1)],
      ["last", variable(5)],
    ]);

    const optimizer = new AdamW(parameters, EVERYTHING);

    expect(optimizer.parts()).toEqual([["first", "second"], ["large"], ["last"]]);
    expect(optimizer.variables(["large"]).map(({ size }) => size)).toEqual([1, 1, 1].map(() => 2 ** 24 + 1));
    tf.dispose([...optimizer.variables()]);
  });

  it("gives each parameter the rate of the first group that its name matches", () => {
    const parameters = parametersOf({ "encoder.weight": [0], "head.weight": [0] });
    const groups = [
      { match: /^encoder\./g, learningRate: 0.01 },
      { match: /weight/, learningRate: 0.1 },
    ];
    const optimizer = new AdamW(parameters, groups, { epsilon: 1e-12 });

    optimizer.step(gradientsOf({ "encoder.weight": [5], "head.weight": [5] }));

    // The first step of Adam is the learning rate against the gradient's sign.
    expect(read(parameters.get("encoder.weight"))).toEqual(close([-0.01]));
    expect(read(parameters.get("head.weight"))).toEqual(close([-0.1]));
  });

  it("does not move in the first step of a warm-up", () => {
    const parameters = parametersOf({ weight: [1] });
    const schedule = linearWarmup({ warmupSteps: 2, totalSteps: 4 });
    const optimizer = new AdamW(parameters, [{ match: /./, learningRate: 0.1, weightDecay: 1 }], { schedule });

    optimizer.step(gradientsOf({ weight: [2] }));

    expect(read(parameters.get("weight"))).toEqual([1]);
    expect(optimizer.multiplier).toBe(0.5);
  });

  it("leaves a parameter without a gradient as it is, decay and running means included", () => {
    const parameters = parametersOf({ used: [1], unused: [7] });
    const optimizer = new AdamW(parameters, [{ match: /./, learningRate: 0.1, weightDecay: 0.5 }]);
    optimizer.step(gradientsOf({ used: [1], unused: [1] }));
    const before = [parameters.get("unused"), ...optimizer.state().moments.values()].map(read);

    optimizer.step(gradientsOf({ used: [1] }));

    const after = [parameters.get("unused"), ...optimizer.state().moments.values()].map(read);
    expect(after[0]).toEqual(before[0]);
    expect(after.slice(3)).toEqual(before.slice(3));
    expect(after[1]).not.toEqual(before[1]);
  });

  it("leaves out parameters that are not trainable", () => {
    const frozen = tf.variable(tf.zeros([1]), false);

    const optimizer = new AdamW(new Map([["frozen", frozen], ...parametersOf({ weight: [1] })]), EVERYTHING);

    expect([...optimizer.parameters.keys()]).toEqual(["weight"]);
  });

  it("goes on from a restored state as if nothing had happened", () => {
    const values = [1, -2, 3];
    const run = (restart: boolean): number[] => {
      const parameters = parametersOf({ weight: values });
      let optimizer = new AdamW(parameters, EVERYTHING);
      for (const gradient of [0.3, -0.7, 0.1]) {
        optimizer.step(gradientsOf({ weight: [gradient, 2 * gradient, -gradient] }));
        const next = new AdamW(parameters, EVERYTHING);
        next.restore(optimizer.state());
        if (restart) optimizer = next;
      }
      return read(parameters.get("weight"));
    };

    expect(run(true)).toEqual(run(false));
  });

  it("names what a state to restore lacks", () => {
    const optimizer = new AdamW(parametersOf({ weight: [1] }), EVERYTHING);

    expect(() => optimizer.restore({ step: 1, moments: new Map() })).toThrow(
      'moments must hold "weight/mean", got none of that name.',
    );
    const moments = gradientsOf({ "weight/mean": [1, 2], "weight/meanSquare": [1] });
    expect(() => optimizer.restore({ step: 1, moments })).toThrow("weight/mean must have shape [1], got [2].");
  });

  it("names the parameter that no group matches", () => {
    const create = (): AdamW => new AdamW(parametersOf({ "head.bias": [0] }), [{ match: /^encoder/, learningRate: 1 }]);

    expect(create).toThrow('groups must match every parameter, got none for "head.bias".');
  });

  it.each([
    [{ betas: [0.9, 1] as const }, "betas must be in [0, 1), got 1."],
    [{ epsilon: 0 }, "epsilon must be above 0, got 0."],
    [{ clipNorm: -1 }, "clipNorm must be above 0, got -1."],
  ])("refuses impossible settings %j", (options, message) => {
    expect(() => new AdamW(parametersOf({ weight: [0] }), EVERYTHING, options)).toThrow(message);
  });

  it("leaves no tensor behind", () => {
    const parameters = parametersOf({ weight: [1], bias: [2] });
    const gradients = gradientsOf({ weight: [1] });
    const before = tf.memory().numTensors;

    const optimizer = new AdamW(parameters, EVERYTHING, { clipNorm: 1 });
    optimizer.step(gradients);
    expect(tf.memory().numTensors).toBe(before + 4);
    const [scalars, norm] = [optimizer.scalars(), optimizer.norm(gradients)];
    tf.dispose([scalars, norm, ...optimizer.update(["weight", "bias"], gradients, { scalars, norm })]);
    optimizer.restore(optimizer.state());
    optimizer.dispose();

    expect(tf.memory().numTensors).toBe(before);
  });
});
