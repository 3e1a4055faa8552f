import * as tf from "@tensorflow/tfjs";

import type { EngineInUse, EngineKind } from "./engine.ts";
import { EngineError } from "./engine-error.ts";
import { useTensorFlow } from "./tensorflow.ts";
import { ADD_WASM, loadWasm } from "./wasm.ts";

/** How {@link useEngine} finds what is installed. */
export interface UseEngineOptions {
  /** A file whose project is searched for tfjs-node first; without it, this package's, the script's and the current. */
  readonly from?: string;
}

/**
 * Chooses the engine that every tensor of this process is computed on.
 *
 * `"auto"` takes the fastest one that is installed: TensorFlow's library on a GPU (`"gpu"`), on the CPU (`"native"`),
 * WebAssembly (`"wasm"`), plain JavaScript (`"cpu"`). Prints nothing; show the `notice` where there is somebody to read it.
 *
 * @throws {EngineError} If the engine that is named cannot be used; the message says what to install.
 */
export async function useEngine(name: EngineKind | "auto", options: UseEngineOptions = {}): Promise<EngineInUse> {
  switch (name) {
    case "auto":
      return useFastest(options);
    case "gpu":
    case "native":
      return useTensorFlow([name], options.from);
    case "wasm":
      return useWasm(options.from);
    case "cpu":
      return usePlain();
    default:
      throw new RangeError(`engine must be auto, gpu, native, wasm or cpu, got ${String(name)}.`);
  }
}

async function useFastest({ from }: UseEngineOptions): Promise<EngineInUse> {
  let advice: string;
  try {
    return await useTensorFlow(["gpu", "native"], from);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    advice = `For a faster one: ${error.message}`;
  }
  try {
    const { engine, notice } = await useWasm(from);
    return { engine, notice: `${notice} ${advice}` };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { engine, notice } = await usePlain();
    return { engine, notice: `${notice} ${advice} Or: ${error.message}` };
  }
}

async function useWasm(from?: string): Promise<EngineInUse> {
  if (!loadWasm(from)) {
    throw new EngineError("wasm", `engine "wasm" needs @tensorflow/tfjs-backend-wasm. Run "${ADD_WASM}".`);
  }
  if (!(await tf.setBackend("wasm"))) {
    throw new EngineError("wasm", 'engine "wasm" must start, but WebAssembly failed. Use the engine "cpu".');
  }
  return { engine: "wasm", notice: "Engine: WebAssembly." };
}

async function usePlain(): Promise<EngineInUse> {
  await tf.setBackend("cpu");
  // The first tensor prints a banner that advises another package; production mode leaves it out.
  const production = tf.env().getBool("PROD");
  tf.env().set("PROD", true);
  tf.scalar(0).dispose();
  tf.env().set("PROD", production);
  return { engine: "cpu", notice: "Engine: plain JavaScript, for small inputs only." };
}
