import * as tf from "@tensorflow/tfjs";

import { createRandom } from "../../random.ts";

/** Normally distributed values, the same for the same name. */
export function drawTensor<T extends tf.Tensor>(name: string, shape: readonly number[]): T {
  const random = createRandom(11).fork(name);
  const values = Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => random.normal());
  return tf.tensor(values, [...shape]) as T;
}

/** The result of an operation and its gradients for each input, when the result's cells are weighed at random. */
export function outputAndGradients(
  operation: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
): tf.Tensor[] {
  const output = operation(...inputs);
  const weights = drawTensor("cotangent", output.shape);
  const gradients = tf.grads((...given) => operation(...given).mul(weights).sum())([...inputs]);
  return [output, ...gradients];
}

/** The numbers of {@link outputAndGradients}. */
export function valueAndGradients(
  operation: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
): number[][] {
  return tf.tidy(() => valuesOf(outputAndGradients(operation, inputs)));
}

/** The numbers of some tensors. */
export function valuesOf(tensors: readonly tf.Tensor[]): number[][] {
  return tensors.map((tensor) => [...tensor.dataSync()]);
}

/** The largest distance between numbers at the same place. */
export function largestDifference(left: readonly (readonly number[])[], right: readonly (readonly number[])[]): number {
  if (String(left.map(({ length }) => length)) !== String(right.map(({ length }) => length))) return Infinity;
  const differences = left.flatMap((row, index) => row.map((value, cell) => Math.abs(value - (right[index]?.[cell] ?? NaN))));
  return differences.some(Number.isNaN) ? Infinity : Math.max(...differences);
}
