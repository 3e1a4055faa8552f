import * as tf from "@tensorflow/tfjs";

import type { BindingAttribute } from "./node-binding.ts";

/** What is known of a tensor that has not been computed. */
export interface InferredTensor {
  readonly shape: readonly number[];
  /** TensorFlow's number of the element type. */
  readonly dtype: number;
  /** The values, of a constant. */
  readonly values?: ArrayLike<number>;
}

/** An operation about to run. */
interface Call {
  readonly attributes: ReadonlyMap<string, unknown>;
  readonly inputs: readonly InferredTensor[];
  readonly outputCount: number;
}

/** Shapes of the outputs; nothing where they depend on values that are not known. */
type ShapeRule = (call: Call) => readonly (readonly number[])[] | undefined;

/** TensorFlow's numbers of `DT_BOOL` and `DT_INT32`. */
const [BOOL, INT32] = [10, 3];

/**
 * Tells what an operation of TensorFlow would give, without running it.
 *
 * @returns Nothing for an operation or a case that it has no rule for.
 */
export function inferOutputs(
  name: string,
  attributes: readonly BindingAttribute[],
  inputs: readonly InferredTensor[],
  outputCount: number,
): InferredTensor[] | undefined {
  const values = new Map(attributes.map((attribute) => [attribute.name, attribute.value]));
  const shapes = RULES[name]?.({ attributes: values, inputs, outputCount });
  const dtype = outputType(name, values, inputs);
  if (dtype === undefined) return undefined;
  return shapes?.map((shape, index) => ({ shape, dtype: name === "TopKV2" && index === 1 ? INT32 : dtype }));
}

function outputType(
  name: string,
  attributes: ReadonlyMap<string, unknown>,
  inputs: readonly InferredTensor[],
): number | undefined {
  if (COMPARISONS.has(name)) return BOOL;
  if (name === "Cast") return attributes.get("DstT") as number;
  if (name === "Select" || name === "SelectV2") return inputs[1]?.dtype;
  if (name === "OneHot") return inputs[2]?.dtype;
  if (name === "Fill") return inputs[1]?.dtype;
  return inputs[0]?.dtype;
}

const broadcast: ShapeRule = ({ inputs }) => [
  inputs
    .map((input) => [...input.shape])
    .reduce((left, right) => tf.backend_util.assertAndGetBroadcastShape(left, right)),
];

const same: ShapeRule = ({ inputs: [input] }) => input && [input.shape];

const reduce: ShapeRule = ({ attributes, inputs: [input, axes] }) => {
  if (input === undefined || axes?.values === undefined) return undefined;
  const reduced = new Set(Array.from(axes.values, (axis) => (axis < 0 ? axis + input.shape.length : axis)));
  const kept = attributes.get("keep_dims") === true;
  return [input.shape.flatMap((size, axis) => (reduced.has(axis) ? (kept ? [1] : []) : [size]))];
};

const reshape: ShapeRule = ({ inputs: [input, shape] }) =>
  input && shape?.values && [tf.util.inferFromImplicitShape(Array.from(shape.values), product(input.shape))];

const matrixProduct: ShapeRule = ({ attributes, inputs: [left, right] }) => {
  if (left === undefined || right === undefined) return undefined;
  const [leftRows, leftColumns] = lastTwo(left.shape);
  const [rightRows, rightColumns] = lastTwo(right.shape);
  const flag = (short: string, long: string): boolean => (attributes.get(short) ?? attributes.get(long)) === true;
  const rows = flag("adj_x", "transpose_a") ? leftColumns : leftRows;
  const columns = flag("adj_y", "transpose_b") ? rightRows : rightColumns;
  const outer = tf.backend_util.assertAndGetBroadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  return [[...outer, rows, columns]];
};

const transpose: ShapeRule = ({ inputs: [input, order] }) =>
  input && order?.values && [Array.from(order.values, (axis) => input.shape[axis] as number)];

const slice: ShapeRule = ({ inputs: [input, begin, size] }) => {
  if (input === undefined || size?.values === undefined) return undefined;
  const sizes = Array.from(size.values);
  if (!sizes.includes(-1)) return [sizes];
  const first = begin?.values;
  return (
    first && [
      sizes.map((length, axis) => (length === -1 ? (input.shape[axis] as number) - (first[axis] as number) : length)),
    ]
  );
};

const gather: ShapeRule = ({ attributes, inputs: [table, indices, axis] }) => {
  if (table === undefined || indices === undefined || axis?.values === undefined) return undefined;
  if (attributes.get("batch_dims") !== 0) return undefined;
  const at = wrap(axis.values[0] as number, table.shape.length);
  return [[...table.shape.slice(0, at), ...indices.shape, ...table.shape.slice(at + 1)]];
};

const segmentSum: ShapeRule = ({ inputs: [rows, segments, count] }) =>
  rows && segments && count?.values && [[count.values[0] as number, ...rows.shape.slice(segments.shape.length)]];

const concatenate: ShapeRule = ({ inputs }) => {
  const axis = inputs.at(-1)?.values?.[0];
  const parts = inputs.slice(0, -1).map((input) => [...input.shape]);
  if (axis === undefined || parts[0] === undefined) return undefined;
  return [tf.backend_util.computeOutShape(parts, wrap(axis, parts[0].length))];
};

const expand: ShapeRule = ({ inputs: [input, axis] }) => {
  if (input === undefined || axis?.values === undefined) return undefined;
  const at = wrap(axis.values[0] as number, input.shape.length + 1);
  return [[...input.shape.slice(0, at), 1, ...input.shape.slice(at)]];
};

const splitBySizes: ShapeRule = ({ inputs: [input, sizes, axis] }) => {
  if (input === undefined || sizes?.values === undefined || axis?.values === undefined) return undefined;
  const at = wrap(axis.values[0] as number, input.shape.length);
  return Array.from(sizes.values, (size) => [...input.shape.slice(0, at), size, ...input.shape.slice(at + 1)]);
};

const unstack: ShapeRule = ({ attributes, inputs: [input], outputCount }) => {
  if (input === undefined) return undefined;
  const at = wrap(attributes.get("axis") as number, input.shape.length);
  return Array.from({ length: outputCount }, () => [...input.shape.slice(0, at), ...input.shape.slice(at + 1)]);
};

const stack: ShapeRule = ({ attributes, inputs }) => {
  const [first] = inputs;
  if (first === undefined) return undefined;
  const at = wrap(attributes.get("axis") as number, first.shape.length + 1);
  return [[...first.shape.slice(0, at), inputs.length, ...first.shape.slice(at)]];
};

const tile: ShapeRule = ({ inputs: [input, repeats] }) =>
  input && repeats?.values && [input.shape.map((size, axis) => size * (repeats.values?.[axis] as number))];

const pad: ShapeRule = ({ inputs: [input, padding] }) =>
  input &&
  padding?.values && [
    input.shape.map((size, axis) => {
      const [before, after] = [padding.values?.[2 * axis], padding.values?.[2 * axis + 1]];
      return size + (before as number) + (after as number);
    }),
  ];

const fill: ShapeRule = ({ inputs: [shape] }) => shape?.values && [Array.from(shape.values)];

const oneHot: ShapeRule = ({ inputs: [indices, depth] }) =>
  indices && depth?.values && [[...indices.shape, depth.values[0] as number]];

const range: ShapeRule = ({ inputs }) => {
  const [start, limit, step] = inputs.map(({ values }) => values?.[0]);
  if (start === undefined || limit === undefined || step === undefined) return undefined;
  return [[Math.max(0, Math.ceil((limit - start) / step))]];
};

const highest: ShapeRule = ({ inputs: [input, count] }) => {
  if (input === undefined || count?.values === undefined) return undefined;
  const shape = [...input.shape.slice(0, -1), count.values[0] as number];
  return [shape, shape];
};

const lastAxis: ShapeRule = ({ inputs: [input] }) => input && [[input.shape.at(-1) as number]];

const chosen: ShapeRule = ({ inputs: [, input] }) => input && [input.shape];

const COMPARISONS = new Set(
  "Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr LogicalNot IsNan".split(" "),
);

const OPERATIONS: readonly (readonly [ShapeRule, string])[] = [
  [broadcast, "Add AddV2 Sub Mul Div RealDiv Maximum Minimum Pow SquaredDifference FloorDiv DivNoNan"],
  [broadcast, "BitwiseAnd BitwiseOr BitwiseXor RightShift SelectV2"],
  [broadcast, "Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr"],
  [same, "Abs Neg Exp Expm1 Log Log1p Sqrt Rsqrt Square Reciprocal Tanh Sigmoid Erf Sign Cast Relu Identity"],
  [same, "Softmax LogSoftmax BiasAdd AddN ZerosLike LogicalNot IsNan Floor Softplus Step Cumsum XlaDynamicUpdateSlice"],
  [reduce, "Sum Mean Max Min Prod Any All"],
  [reshape, "Reshape"],
  [matrixProduct, "MatMul BatchMatMul BatchMatMulV2"],
  [transpose, "Transpose"],
  [slice, "Slice"],
  [gather, "GatherV2"],
  [segmentSum, "UnsortedSegmentSum"],
  [concatenate, "ConcatV2"],
  [expand, "ExpandDims"],
  [splitBySizes, "SplitV"],
  [unstack, "Unpack"],
  [stack, "Pack"],
  [tile, "Tile"],
  [pad, "PadV2"],
  [fill, "Fill"],
  [oneHot, "OneHot"],
  [range, "Range"],
  [highest, "TopKV2"],
  [lastAxis, "BiasAddGrad"],
  [chosen, "Select"],
];

const RULES: Readonly<Record<string, ShapeRule>> = Object.fromEntries(
  OPERATIONS.flatMap(([rule, names]) => names.split(" ").map((name) => [name, rule])),
);

function wrap(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

function product(shape: readonly number[]): number {
  return tf.util.sizeFromShape([...shape]);
}

function lastTwo(shape: readonly number[]): [number, number] {
  return [shape.at(-2) as number, shape.at(-1) as number];
}
