import * as tf from "@tensorflow/tfjs";

import type { Mode } from "../mode.ts";
import { mixBits } from "../random.ts";
import { fusedRegion } from "./fused-region.ts";
import { hasNativeOperations, nativeOperation, typeAttribute } from "./native-operation.ts";

/**
 * Zeroes a share of the values and scales the rest up, when training.
 *
 * The mask is a hash of the step's seed, the site and the position: the same on every engine, repeatable, and different
 * at each site and step. Rows and columns (the last axis) are hashed one by one and multiplied, so that a cell costs one
 * product: for each column the product is a bijection of the row's 32 random bits, hence uniform.
 *
 * @param input `[…, width]`.
 * @param rate Share of values to zero, 0 ≤ rate < 1.
 * @returns As the input; the input itself when inferring or at rate 0.
 * @throws {RangeError} If the rate is outside [0, 1).
 */
export function dropout<T extends tf.Tensor>(input: T, rate: number, mode: Mode): T {
  return tf.tidy(() => {
    const site = openSite(rate, mode);
    if (site === undefined) return input;
    const masked = (values: tf.Tensor, site: DropoutSite): tf.Tensor =>
      fusedRegion(() => values.mul(siteFactors(values.shape, site)));
    // The mask is computed again for the gradient: cheaper than keeping it.
    const masking = tf.customGrad((...inputs) => {
      const [values, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
      save([site.row, site.column]);
      const gradFunc = (gradient: tf.Tensor, [row, column]: tf.Tensor[]): tf.Tensor =>
        masked(gradient, { ...site, row: row as tf.Tensor, column: column as tf.Tensor });
      return { value: masked(values, site), gradFunc: gradFunc as never };
    });
    return masking(input) as T;
  });
}

/** One place in a model that drops values, in one step. */
export interface DropoutSite {
  readonly rate: number;
  /** The seed of the rows, int32 `[1]`. */
  readonly row: tf.Tensor;
  /** The seed of the columns, int32 `[1]`. */
  readonly column: tf.Tensor;
}

/**
 * Takes the step's next dropout site.
 *
 * Stands outside fused regions, so that sites of one shape share their code.
 *
 * @returns Nothing when inferring or at rate 0.
 * @throws {RangeError} If the rate is outside [0, 1).
 */
export function openSite(rate: number, mode: Mode): DropoutSite | undefined {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`rate must be in [0, 1), got ${rate}.`);
  if (!mode.training || rate === 0) return undefined;
  return { rate, ...siteSeeds(mode.noise.seed, mode.noise.nextSite()) };
}

/**
 * The factors of one dropout site: 0, or `1 / (1 - rate)`.
 *
 * @param seed int32 `[2]`.
 * @returns float32 `shape`; constant for gradients.
 */
export function dropoutMask(shape: readonly number[], rate: number, seed: tf.Tensor1D, site: number): tf.Tensor {
  return tf.tidy(() => siteFactors(shape, { rate, ...siteSeeds(seed, site) }));
}

function siteSeeds(seed: tf.Tensor1D, site: number): Pick<DropoutSite, "row" | "column"> {
  const salts = tf.tensor1d([mixBits(2 * site + 1), mixBits(2 * site + 2)], "int32");
  const [row, column] = tf.split(mixTensor(xor(seed, salts)), 2) as [tf.Tensor, tf.Tensor];
  return { row, column };
}

/** What a site multiplies values of a shape by: 0, or `1 / (1 - rate)`. */
export function siteFactors(shape: readonly number[], { rate, ...seeds }: DropoutSite): tf.Tensor {
  const width = shape.at(-1) ?? 1;
  const rowCount = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const rows = counterBits(rowCount, seeds.row).reshape([rowCount, 1]);
  const columns = makeOdd(counterBits(width, seeds.column)).reshape([1, width]);
  const bits = multiplyWrapped(rows, columns); // int32 [rowCount, width], uniform
  const threshold = Math.round(rate * 2 ** 32) - 2 ** 31;
  const kept = bits.greaterEqual(tf.scalar(threshold, "int32")); // [rowCount, width]
  const factors = kept.cast("float32").mul(1 / (1 - rate));
  return factors.reshape([...shape]);
}

/** `mixBits(mixBits(i) ^ seed)` for i in 0 … length - 1, int32 `[length]`. */
function counterBits(length: number, seed: tf.Tensor): tf.Tensor {
  const counter = Int32Array.from({ length }, (_, index) => mixBits(index));
  return mixTensor(xor(tf.tensor1d(counter, "int32"), seed));
}

/** `mixBits` of every number. */
function mixTensor(bits: tf.Tensor): tf.Tensor {
  if (!hasNativeOperations()) return tf.tensor1d((bits.dataSync() as Int32Array).map(mixBits), "int32");
  const first = xor(bits, shiftRightUnsigned(bits, 16)).mul(tf.scalar(0x85ebca6b | 0, "int32"));
  const second = xor(first, shiftRightUnsigned(first, 13)).mul(tf.scalar(0xc2b2ae35 | 0, "int32"));
  return xor(second, shiftRightUnsigned(second, 16));
}

/** Exclusive or of every pair of numbers; `right` may be one number for all. */
function xor(left: tf.Tensor, right: tf.Tensor): tf.Tensor {
  if (hasNativeOperations()) return bitwise("BitwiseXor", left, right);
  const [values, others] = [left.dataSync() as Int32Array, right.dataSync() as Int32Array];
  return tf.tensor1d(
    values.map((value, index) => value ^ (others[index % others.length] as number)),
    "int32",
  );
}

function shiftRightUnsigned(bits: tf.Tensor, places: number): tf.Tensor {
  // TensorFlow's RightShift repeats the sign; the mask clears the copies.
  const shifted = bitwise("RightShift", bits, tf.scalar(places, "int32"));
  return bitwise("BitwiseAnd", shifted, tf.scalar(2 ** (32 - places) - 1, "int32"));
}

function makeOdd(bits: tf.Tensor): tf.Tensor {
  if (hasNativeOperations()) return bitwise("BitwiseOr", bits, tf.scalar(1, "int32"));
  return tf.tensor1d(
    (bits.dataSync() as Int32Array).map((value) => value | 1),
    "int32",
  );
}

/** The low 32 bits of every product `[rows, 1] × [1, width]`, int32 `[rows, width]`. */
function multiplyWrapped(rows: tf.Tensor, columns: tf.Tensor): tf.Tensor {
  if (hasNativeOperations()) return rows.mul(columns);
  const [rowValues, columnValues] = [rows.dataSync(), columns.dataSync()];
  const width = columnValues.length;
  const products = new Int32Array(rowValues.length * width);
  for (let row = 0; row < rowValues.length; row += 1) {
    const factor = rowValues[row] as number;
    for (let column = 0; column < width; column += 1) {
      products[row * width + column] = Math.imul(factor, columnValues[column] as number);
    }
  }
  return tf.tensor2d(products, [rowValues.length, width], "int32");
}

function bitwise(operation: string, left: tf.Tensor, right: tf.Tensor): tf.Tensor {
  return nativeOperation(operation, { T: typeAttribute("int32") }, [left, right]);
}
