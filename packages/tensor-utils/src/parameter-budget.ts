import * as tf from "@tensorflow/tfjs";

/** Values that parameters may still be made of; as many as there are without a budget. */
let left = Infinity;

/**
 * Makes a module whose sizes come from a file, which may say anything: no more values than the file has.
 *
 * @param values Most values that its parameters may have in all.
 * @returns What `make` gives.
 * @throws {RangeError} If it asks for more, before the memory is taken; what it had made by then, and whatever it had
 *   made when it fails otherwise, is freed.
 */
export function withParameterBudget<Result>(values: number, make: () => Result): Result {
  const before = new Set(Object.keys(tf.engine().state.registeredVariables));
  const outer = left;
  left = values;
  try {
    return make();
  } catch (error) {
    const variables = Object.entries(tf.engine().state.registeredVariables);
    tf.dispose(variables.filter(([name]) => !before.has(name)).map(([, variable]) => variable));
    throw error;
  } finally {
    left = outer;
  }
}

/** Counts a parameter that is about to be made. */
export function countParameter(shape: readonly number[]): void {
  const size = tf.util.sizeFromShape([...shape]);
  left -= size;
  if (left >= 0) return;
  throw new RangeError(`parameters must have no more values than the file holds, got one of [${shape.join(", ")}].`);
}
