import * as tf from "@tensorflow/tfjs";

/** Distance between the points of the finite differences; of fourth order, so that float32 gives three digits. */
const STEP = 0.01;

/** A loss's slope along one direction in the space of a variable: by its gradient, and by finite differences. */
export function directionalSlopes(loss: () => tf.Scalar, variable: tf.Variable): { analytic: number; numeric: number } {
  const direction = tf.range(0, variable.size).mul(0.7).sin().reshape(variable.shape);
  const start = variable.clone();
  const gradient = tf.variableGrads(loss, [variable]).grads[variable.name] as tf.Tensor;
  const at = (distance: number): number => {
    variable.assign(start.add(direction.mul(distance)));
    return loss().dataSync()[0] as number;
  };
  const numeric = (8 * (at(STEP) - at(-STEP)) - (at(2 * STEP) - at(-2 * STEP))) / (12 * STEP);
  variable.assign(start);
  return { analytic: gradient.mul(direction).sum().dataSync()[0] as number, numeric };
}
