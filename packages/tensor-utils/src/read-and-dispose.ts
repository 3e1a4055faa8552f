import type * as tf from "@tensorflow/tfjs";

/** Reads a tensor's values, row-major, and frees it, also when reading fails. */
export async function readAndDispose(tensor: tf.Tensor): Promise<Float32Array | Int32Array | Uint8Array> {
  try {
    return await tensor.data();
  } finally {
    tensor.dispose();
  }
}
