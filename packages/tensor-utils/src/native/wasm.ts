import { createRequire } from "node:module";
import { join } from "node:path";

import * as tf from "@tensorflow/tfjs";

/** What to run in a project without the WebAssembly backend. */
export const ADD_WASM = "npm install @tensorflow/tfjs-backend-wasm";

/** The part of the WebAssembly backend that a kernel written in TypeScript needs. */
interface WasmBackend {
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array | Int32Array;
}

/**
 * Registers the WebAssembly backend, with the kernel that gradients of gathered rows need.
 *
 * @returns Whether `@tensorflow/tfjs-backend-wasm` is installed.
 */
export function loadWasm(from?: string): boolean {
  if (tf.findBackendFactory("wasm") === null && !requireWasm(from)) return false;
  if (tf.getKernel("UnsortedSegmentSum", "wasm") === undefined) {
    tf.registerKernel({ kernelName: "UnsortedSegmentSum", backendName: "wasm", kernelFunc: sumSegments });
  }
  return true;
}

function requireWasm(from?: string): boolean {
  for (const place of [from, import.meta.url, join(process.cwd(), "package.json")]) {
    if (place === undefined) continue;
    try {
      createRequire(place)("@tensorflow/tfjs-backend-wasm");
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return false;
}

/** Adds the rows of `x` into `numSegments` rows by the number in `segmentIds`; others than those are dropped. */
function sumSegments(call: {
  inputs: tf.NamedTensorInfoMap;
  backend: unknown;
  attrs?: tf.NamedAttrMap;
}): tf.TensorInfo {
  const { x, segmentIds } = call.inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const { numSegments } = call.attrs as { numSegments: number };
  const backend = call.backend as WasmBackend;

  const output = backend.makeOutput([numSegments, ...x.shape.slice(segmentIds.shape.length)], x.dtype);
  // Views are taken after the allocation, which may move the heap.
  const sums = backend.typedArrayFromHeap(output).fill(0);
  const rows = backend.typedArrayFromHeap(x);
  const ids = backend.typedArrayFromHeap(segmentIds);
  const width = ids.length === 0 ? 0 : rows.length / ids.length;
  ids.forEach((id, row) => {
    if (id < 0 || id >= numSegments) return;
    for (let column = 0; column < width; column++) {
      sums[id * width + column]! += rows[row * width + column]!;
    }
  });
  return output;
}
