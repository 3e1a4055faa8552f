import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { Module, type NamedTensors } from "./module.ts";
import { ShapeError } from "./shapes.ts";

const parameter = (...values: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d(values)));

class Part extends Module {
  readonly weight: tf.Variable = parameter(1, 2);
  readonly #hidden: tf.Variable = parameter(9);

  get hidden(): tf.Variable {
    return this.#hidden;
  }
}

class Whole extends Module {
  readonly layers: readonly Part[] = [new Part(), new Part()];
  readonly bias: tf.Variable = parameter(3);
  readonly label: string = "no parameter";
  readonly constant: tf.Tensor = tf.scalar(1);
}

const tensors = (values: Record<string, number[]>): NamedTensors =>
  new Map(Object.entries(values).map(([name, value]) => [name, tf.tensor1d(value)]));

const complete = { "layers.0.weight": [4, 5], "layers.1.weight": [6, 7], bias: [8] };

const read = (module: Module): Record<string, number[]> =>
  Object.fromEntries([...module.parameters()].map(([name, variable]) => [name, [...variable.dataSync()]]));

describe("parameters", () => {
  it("are the variables by property path, private ones and plain tensors left out", () => {
    const whole = new Whole();

    expect([...whole.parameters().keys()]).toEqual(["layers.0.weight", "layers.1.weight", "bias"]);
    expect(whole.parameters().get("layers.1.weight")).toBe(whole.layers[1]?.weight);
  });
});

describe("loadParameters", () => {
  it("copies values, which may be disposed of then", () => {
    const whole = new Whole();
    const given = tensors(complete);

    whole.loadParameters(given);
    tf.dispose([...given.values()]);

    expect(read(whole)).toEqual(complete);
  });

  it("takes a module's own parameters", () => {
    const whole = new Whole();
    const before = read(whole);

    whole.loadParameters(whole.parameters());

    expect(read(whole)).toEqual(before);
  });

  it("names parameters that are missing", () => {
    expect(() => new Whole().loadParameters(tensors({ bias: [1] }))).toThrow(
      'tensors must hold every parameter, but "layers.0.weight", "layers.1.weight" are missing.',
    );
  });

  it("names tensors that are unknown, the first three of them", () => {
    const extra = { a: [1], b: [1], c: [1], d: [1] };

    expect(() => new Whole().loadParameters(tensors({ ...complete, a: [1] }))).toThrow('but "a" is unknown.');
    expect(() => new Whole().loadParameters(tensors({ ...complete, ...extra }))).toThrow(
      'tensors must hold parameters only, but "a", "b", "c" and 1 more are unknown.',
    );
  });

  it("lets the names pass that are allowed", () => {
    const whole = new Whole();

    whole.loadParameters(tensors({ bias: [5], pooler: [1] }), { allowMissing: /^layers\./, allowUnused: /^pooler/ });

    expect(read(whole)).toEqual({ "layers.0.weight": [1, 2], "layers.1.weight": [1, 2], bias: [5] });
  });

  it("changes nothing when a shape differs", () => {
    const whole = new Whole();
    const load = (): void => whole.loadParameters(tensors({ ...complete, bias: [1, 2] }));

    expect(load).toThrow(ShapeError);
    expect(load).toThrow("bias must have shape [1], got [2].");
    expect(read(whole)).toEqual({ "layers.0.weight": [1, 2], "layers.1.weight": [1, 2], bias: [3] });
  });

  it("leaves no tensor behind", () => {
    const whole = new Whole();
    const given = tensors(complete);
    const before = tf.memory().numTensors;

    whole.loadParameters(given);

    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("dispose", () => {
  it("frees the parameters", () => {
    const before = tf.memory().numTensors;
    const part = new Part();

    part.dispose();

    part.hidden.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
