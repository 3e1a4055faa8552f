import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe } from "vitest";

/** Declares a test suite for the engine of this test run and, if that is another, for the portable one. */
export function describeOnEngines(suite: () => void): void {
  const chosen = tf.getBackend();
  for (const engine of new Set([chosen, "cpu"])) {
    describe(`on the engine ${engine}`, () => {
      beforeAll(async () => void (await tf.setBackend(engine)));
      afterAll(async () => void (await tf.setBackend(chosen)));
      suite();
    });
  }
}
