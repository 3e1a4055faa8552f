import * as tf from "@tensorflow/tfjs";

/**
 * Runs a function; if it throws, frees the tensors that it kept.
 *
 * A gradient's tape keeps tensors out of every `tf.tidy` and frees them at its end, which it does not reach then.
 */
export function freeingKeptOnError<T>(run: () => T): T {
  const engine = tf.engine();
  const keep = engine.keep.bind(engine);
  const kept: tf.Tensor[] = [];
  engine.keep = <Kept extends tf.Tensor>(tensor: Kept): Kept => {
    kept.push(tensor);
    return keep(tensor);
  };
  try {
    return run();
  } catch (error) {
    tf.dispose(kept);
    throw error;
  } finally {
    // The method is the prototype's again.
    Reflect.deleteProperty(engine, "keep");
  }
}
