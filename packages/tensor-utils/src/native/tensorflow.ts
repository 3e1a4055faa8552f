import { existsSync } from "node:fs";
import { join } from "node:path";

import * as tf from "@tensorflow/tfjs";

import { loadTfjsNode } from "./binding.ts";
import { bindingFile, isInstalled, libraryDirectory, type LibraryKind, TFJS_VERSION } from "./cache.ts";
import type { EngineInUse } from "./engine.ts";
import { EngineError } from "./engine-error.ts";
import { ADD_TFJS_NODE, findTfjsNode, type TfjsNode } from "./tfjs-node.ts";

/** The engines that TensorFlow's library makes. */
export type TensorFlowEngine = "gpu" | "native";

/** The parts of tfjs-node's backend that tell what it runs on. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

const INSTALL = { gpu: "npx relatum-native install --gpu", native: "npx relatum-native install" } as const;

/**
 * Puts tfjs on TensorFlow's library.
 *
 * A process loads the library once; which of its builds is loaded is settled by the first call.
 *
 * @param accepted The engines that will do, best first.
 * @param from A file whose project is searched for tfjs-node first.
 * @throws {EngineError} If none of them can be used.
 */
export async function useTensorFlow(accepted: readonly TensorFlowEngine[], from?: string): Promise<EngineInUse> {
  if (tf.findBackendFactory("tensorflow") === null) loadLibrary(accepted, from);
  const { isUsingGpuDevice, binding } = tf.findBackend("tensorflow") as unknown as NodeBackend;
  const engine: TensorFlowEngine = isUsingGpuDevice ? "gpu" : "native";
  if (!accepted.includes(engine)) throw new EngineError(accepted[0] as TensorFlowEngine, otherDevice(engine));

  await tf.setBackend("tensorflow");
  const notice = `Engine: TensorFlow ${binding.TF_Version} on the ${isUsingGpuDevice ? "GPU" : "CPU"}.`;
  const advice = isUsingGpuDevice || isInstalled("gpu") ? "" : ` With an NVIDIA GPU, "${INSTALL.gpu}" makes it faster.`;
  return { engine, notice: notice + advice };
}

function otherDevice(engine: TensorFlowEngine): string {
  if (engine === "gpu")
    return 'engine "native" must be chosen before "gpu" is: this process computes on the GPU already.';
  if (!isInstalled("gpu")) return `engine "gpu" must be installed before TensorFlow is loaded. Run "${INSTALL.gpu}".`;
  const advice = "Look at nvidia-smi, set TF_CPP_MIN_LOG_LEVEL=0 for TensorFlow's own account";
  return `engine "gpu" must find a GPU, but TensorFlow computes on the CPU. ${advice}, or use the engine "native".`;
}

/** Loads the first build that loads at all. */
function loadLibrary(accepted: readonly TensorFlowEngine[], from: string | undefined): void {
  const engine = accepted.at(-1) as TensorFlowEngine;
  const tfjsNode = requireTfjsNode(engine, from);
  const candidates = candidateBindings(accepted, tfjsNode);
  if (candidates.length === 0) {
    throw new EngineError(engine, `engine "${engine}" needs TensorFlow's library. Run "${INSTALL[engine]}".`);
  }
  let failure: unknown;
  for (const { file, hidesGpu } of candidates) {
    try {
      withEnvironment(hidesGpu, () => loadTfjsNode(tfjsNode, file));
      return;
    } catch (error) {
      failure = error;
    }
  }
  const advice = `"npx relatum-native remove" and "${INSTALL[engine]}" build it anew`;
  const [reason] = (failure as Error).message.split("\n");
  const message = `TensorFlow's library must load, got: ${reason}. ${advice}.`;
  throw new EngineError(engine, message, { cause: failure });
}

function requireTfjsNode(engine: TensorFlowEngine, from: string | undefined): TfjsNode {
  const tfjsNode = findTfjsNode(from);
  if (tfjsNode === undefined) {
    const message = `engine "${engine}" needs @tensorflow/tfjs-node-gpu. Run "${ADD_TFJS_NODE}" and "${INSTALL[engine]}".`;
    throw new EngineError(engine, message);
  }
  if (tfjsNode.version !== TFJS_VERSION) {
    throw new EngineError(engine, `${tfjsNode.name} must have version ${TFJS_VERSION}, got ${tfjsNode.version}.`);
  }
  return tfjsNode;
}

/** The bindings to try, best first; the last is the one that tfjs-node's own install script may have brought. */
function candidateBindings(
  accepted: readonly TensorFlowEngine[],
  tfjsNode: TfjsNode,
): { file: string; hidesGpu: boolean }[] {
  const acceptsGpu = accepted.includes("gpu");
  const cached = (library: LibraryKind): string => bindingFile(libraryDirectory(library));
  const files = acceptsGpu ? [cached("gpu")] : [];
  if (accepted.includes("native")) files.push(cached("cpu"));
  if (!acceptsGpu) files.push(cached("gpu"));
  files.push(join(tfjsNode.directory, "lib/napi-v8/tfjs_binding.node"));
  return files.filter((file) => existsSync(file)).map((file) => ({ file, hidesGpu: !acceptsGpu }));
}

/** Runs an action under the environment variables that TensorFlow reads while it is loaded. */
function withEnvironment(hidesGpu: boolean, action: () => void): void {
  const environment = process.env;
  environment["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  // Without this, TensorFlow takes all memory of the GPU at once.
  environment["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true";
  const visible = environment["CUDA_VISIBLE_DEVICES"];
  if (hidesGpu) environment["CUDA_VISIBLE_DEVICES"] = "-1";
  try {
    action();
  } finally {
    if (visible === undefined) delete environment["CUDA_VISIBLE_DEVICES"];
    else environment["CUDA_VISIBLE_DEVICES"] = visible;
  }
}
