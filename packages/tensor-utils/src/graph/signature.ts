import * as tf from "@tensorflow/tfjs";

/** The tensors within nested objects and arrays, in the order of their properties. */
export function inputTensors(input: unknown): tf.Tensor[] {
  if (input instanceof tf.Tensor) return [input];
  if (Array.isArray(input)) return input.flatMap(inputTensors);
  if (typeof input === "object" && input !== null) return Object.values(input).flatMap(inputTensors);
  return [];
}

/** A text that is equal for inputs of equal structure, tensor shapes, element types and plain values. */
export function inputSignature(input: unknown): string {
  if (input instanceof tf.Tensor) return `${input.dtype}[${input.shape.join(",")}]`;
  if (Array.isArray(input)) return `[${input.map(inputSignature).join(",")}]`;
  if (typeof input === "object" && input !== null) {
    return `{${Object.entries(input)
      .map(([key, value]) => `${key}:${inputSignature(value)}`)
      .join(",")}}`;
  }
  return JSON.stringify(input) ?? "undefined";
}
