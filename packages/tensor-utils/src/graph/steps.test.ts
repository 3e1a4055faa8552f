import { describe, expect, it } from "vitest";

import type { RecordedOperation } from "./recorder.ts";
import { planSteps } from "./steps.ts";

const region = { region: 0 };

/** Operations by name, inputs and output; those of the region say so. */
function operation(name: string, inputs: number[], output: number, inRegion = false): RecordedOperation {
  return { name, attributes: [], inputs, outputs: [output], ...(inRegion && { region }) };
}

/** The names of each step's operations, where every tensor has so many values. */
function names(operations: RecordedOperation[], outputs: number[], size = 2 ** 15): string[] {
  const tensors = new Map(operations.flatMap((one) => one.outputs).map((id) => [id, { shape: [size], dtype: 1 }]));
  return planSteps({ operations, outputs, tensors }).map((step) => step.operations.map(({ name }) => name).join(" "));
}

describe("planSteps", () => {
  const product = operation("MatMul", [1, 2], 3);
  const bias = operation("BiasAdd", [3, 4], 5);
  const shape = operation("Reshape", [5, 6], 7);
  const exponent = operation("Exp", [7], 8, true);
  const double = operation("Mul", [8, 8], 9, true);

  it("compiles a region together with the arithmetic that only it needs", () => {
    const planned = names([product, bias, shape, exponent, double], [9]);

    expect(planned).toEqual(["MatMul", "BiasAdd Reshape Exp Mul"]);
  });

  it("leaves what others need too as it is", () => {
    const saved = operation("Tanh", [7], 10);

    expect(names([product, bias, shape, exponent, double, saved], [9, 10])).toEqual([
      "MatMul",
      "BiasAdd",
      "Reshape",
      "Exp Mul",
      "Tanh",
    ]);
    expect(names([product, bias, shape, exponent, double], [9, 5])).toEqual([
      "MatMul",
      "BiasAdd",
      "Reshape",
      "Exp Mul",
    ]);
  });

  it("leaves small tensors alone, which would only be compiled longer", () => {
    const planned = names([product, bias, shape, exponent, double], [9], 2 ** 15 - 1);

    expect(planned).toEqual(["MatMul", "BiasAdd", "Reshape", "Exp Mul"]);
  });

  it("does not compile a reshape alone", () => {
    const reshaped = operation("Reshape", [3, 6], 7);

    expect(names([product, reshaped, exponent, double], [9])).toEqual(["MatMul", "Reshape", "Exp Mul"]);
  });

  it("takes in both sides of a sum, before what uses it", () => {
    const other = operation("MatMul", [11, 2], 12);
    const otherBias = operation("BiasAdd", [12, 4], 13);
    const sum = operation("AddV2", [5, 13], 7);

    const planned = names([product, bias, other, otherBias, sum, exponent, double], [9]);

    expect(planned).toEqual(["MatMul", "MatMul", "BiasAdd BiasAdd AddV2 Exp Mul"]);
  });

  it("leaves a region alone that holds what cannot be compiled", () => {
    const unknown = operation("MatrixInverse", [8], 9, true);

    expect(names([product, bias, shape, exponent, unknown], [9])).toEqual([
      "MatMul",
      "BiasAdd",
      "Reshape",
      "Exp MatrixInverse",
    ]);
  });
});
