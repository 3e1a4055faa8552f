import { ModelFileError } from "./model-file-error.ts";

/** A tensor as a window on a run of values: `strides[axis]` values lie between neighbours along an axis. */
export interface StridedView {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** The first value. */
  readonly start: number;
  /** Behind the last value. */
  readonly end: number;
}

/** Most axes of a tensor, as in PyTorch. */
const MAX_AXES = 64;

/**
 * Checks a window that a file describes.
 *
 * @param path Opens the error message.
 * @param maxValues Most values that the tensor may have; a stride of 0 repeats values without bound.
 * @throws {ModelFileError} If a field is not what it must be.
 */
export function checkView(
  { offset, shape, strides }: { readonly offset: unknown; readonly shape: unknown; readonly strides: unknown },
  path: string,
  maxValues: number,
): StridedView {
  if (!isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) {
    throw new ModelFileError(path, "must have an offset, a shape and as many strides, all of them whole numbers.");
  }
  if (shape.length > MAX_AXES)
    throw new ModelFileError(path, `must have at most ${MAX_AXES} axes, got ${shape.length}.`);
  const count = countOf(shape);
  if (count > maxValues) throw new ModelFileError(path, `must have no more values than its file bytes, got ${count}.`);
  const span = count === 0 ? 0 : shape.reduce((sum, axis, index) => sum + (axis - 1) * (strides[index] as number), 1);
  return { shape: [...shape], strides: [...strides], start: offset, end: offset + span };
}

/**
 * The values of a window in row-major order.
 *
 * @param values Those from its `start` to its `end`.
 */
export function gatherValues(values: Float32Array, { shape, strides }: StridedView): Float32Array {
  if (isRowMajor(shape, strides)) return values;
  const gathered = new Float32Array(shape.reduce((product, axis) => product * axis, 1));
  const position = shape.map(() => 0);
  for (let index = 0, from = 0; index < gathered.length; index += 1) {
    gathered[index] = values[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const [size, stride] = [shape[axis] as number, strides[axis] as number];
      const next = (position[axis] as number) + 1;
      position[axis] = next === size ? 0 : next;
      from += next === size ? -stride * (size - 1) : stride;
      if (next < size) break;
    }
  }
  return gathered;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] as number;
  }
  return true;
}

/** How many values a shape has: none if an axis has no place, however long the others are. */
function countOf(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, axis) => product * axis, 1);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
