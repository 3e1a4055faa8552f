import * as tf from "@tensorflow/tfjs";

import { hasNativeOperations, nativeOperation, typeAttribute } from "./native-operation.ts";

/**
 * `input · weightᵀ + bias` over the last axis.
 *
 * @param input `[…, inputSize]`.
 * @param weight `[outputSize, inputSize]`.
 * @param bias `[outputSize]`.
 * @returns `[…, outputSize]`.
 */
export function linear<T extends tf.Tensor>(input: T, weight: tf.Tensor, bias: tf.Tensor): T {
  const [outputSize, inputSize] = weight.shape as [number, number];
  return tf.tidy(() => {
    const rows = input.reshape([-1, inputSize]); // [rows, inputSize]
    const mapped = linearRows(rows, weight, bias) as tf.Tensor; // [rows, outputSize]
    return mapped.reshape([...input.shape.slice(0, -1), outputSize]) as T;
  });
}

const linearRows = tf.customGrad((...inputs) => {
  const [rows, weight, bias, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
  save([rows, weight]);
  const gradFunc = (gradient: tf.Tensor, [rows, weight]: tf.Tensor[]): tf.Tensor[] => [
    tf.matMul(gradient, weight as tf.Tensor),
    multiply(gradient, rows as tf.Tensor, { transposeLeft: true }),
    sumRows(gradient as tf.Tensor2D),
  ];
  return { value: addBias(multiply(rows, weight, { transposeRight: true }), bias), gradFunc: gradFunc as never };
});

/**
 * The product of two matrices: `tf.matMul`, whose gradient reads operands across, in a form that every engine is fast at.
 *
 * @param left `[rows, inner]`.
 * @param right `[inner, columns]`; with `transposeRight` `[columns, inner]`.
 * @returns `[rows, columns]`.
 */
export function matrixProduct(
  left: tf.Tensor2D,
  right: tf.Tensor2D,
  { transposeRight = false }: { readonly transposeRight?: boolean } = {},
): tf.Tensor2D {
  if (hasNativeOperations()) return tf.matMul(left, right, false, transposeRight);
  return (transposeRight ? productWithTransposed : plainProduct)(left, right) as tf.Tensor2D;
}

const plainProduct = tf.customGrad((...inputs) => {
  const [left, right, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  save([left, right]);
  const gradFunc = (gradient: tf.Tensor, [left, right]: tf.Tensor[]): tf.Tensor[] => [
    multiply(gradient, right as tf.Tensor, { transposeRight: true }),
    multiply(left as tf.Tensor, gradient, { transposeLeft: true }),
  ];
  return { value: tf.matMul(left, right), gradFunc: gradFunc as never };
});

const productWithTransposed = tf.customGrad((...inputs) => {
  const [left, right, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  save([left, right]);
  const gradFunc = (gradient: tf.Tensor, [left, right]: tf.Tensor[]): tf.Tensor[] => [
    tf.matMul(gradient, right as tf.Tensor),
    multiply(gradient, left as tf.Tensor, { transposeLeft: true }),
  ];
  return { value: multiply(left, right, { transposeRight: true }), gradFunc: gradFunc as never };
});

/** Matrix product; without a gradient of its own. The portable engines take over ten times as long for operands that they must read across. */
export function multiply(
  left: tf.Tensor,
  right: tf.Tensor,
  { transposeLeft = false, transposeRight = false }: { transposeLeft?: boolean; transposeRight?: boolean },
): tf.Tensor {
  if (hasNativeOperations()) return tf.matMul(left, right, transposeLeft, transposeRight);
  return tf.matMul(transposeLeft ? left.transpose() : left, transposeRight ? right.transpose() : right);
}

const FORMAT = { T: typeAttribute("float32"), data_format: "NHWC" };

/** Adds `bias` to every row; without a gradient of its own. */
export function addBias(rows: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return hasNativeOperations() ? nativeOperation("BiasAdd", FORMAT, [rows, bias]) : rows.add(bias);
}

/** Sums all axes but the last `[…, width]` → `[width]`; without a gradient of its own. */
export function sumRows(rows: tf.Tensor): tf.Tensor {
  if (hasNativeOperations()) return nativeOperation("BiasAddGrad", FORMAT, [rows]);
  return rows.reshape([-1, rows.shape.at(-1) as number]).sum(0);
}
