import * as tf from "@tensorflow/tfjs";

import type { HostileReader } from "./hostile-readers.ts";

/** The same reader, which must leave no tensor behind, whether it succeeds or fails. */
export function withoutLeaks(reader: HostileReader): HostileReader {
  const read = async (bytes: Uint8Array): Promise<void> => {
    const before = tf.memory().numTensors;
    try {
      await reader.read(bytes);
    } finally {
      const left = tf.memory().numTensors - before;
      // oxlint-disable-next-line no-unsafe-finally -- a leak hides the error that caused it
      if (left !== 0) throw new TypeError(`Reading must leave no tensor behind, got ${left}.`);
    }
  };
  return { ...reader, read };
}
