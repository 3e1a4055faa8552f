import type { Tensor } from "@tensorflow/tfjs";

/** A tensor whose shape is not the one its caller promised. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";

  readonly subject: string;
  readonly expected: string;
  readonly actual: readonly number[];

  constructor(subject: string, expected: string, actual: readonly number[]) {
    super(`${subject} must have shape [${expected}], got [${actual.join(", ")}].`);
    this.subject = subject;
    this.expected = expected;
    this.actual = actual;
  }
}

/**
 * Reads the size of each named axis of a tensor.
 *
 * @param subject What the caller calls the tensor; opens the error message.
 * @param axes Axis names in order, for example `["batch", "tokens", "hidden"]`.
 * @param known Sizes already fixed by another tensor; an axis of that name must agree.
 * @throws {ShapeError} If the rank or a known size differs.
 */
export function axisSizes<Axis extends string>(
  subject: string,
  tensor: Tensor,
  axes: readonly Axis[],
  known: Partial<Record<Axis, number>> = {},
): Record<Axis, number> {
  const agrees = axes.every((axis, index) => known[axis] === undefined || known[axis] === tensor.shape[index]);
  if (tensor.rank !== axes.length || !agrees) {
    const expected = axes.map((axis) => (known[axis] === undefined ? axis : `${axis}=${known[axis]}`));
    throw new ShapeError(subject, expected.join(", "), tensor.shape);
  }
  return Object.fromEntries(axes.map((axis, index) => [axis, tensor.shape[index]])) as Record<Axis, number>;
}
