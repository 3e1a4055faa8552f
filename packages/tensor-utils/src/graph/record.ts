import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as tf from "@tensorflow/tfjs";

import { defineGraph } from "./graph-definition.ts";
import { type NodeBackend, nodeBackend } from "./node-binding.ts";
import { NotRecordable, type Recording, recordOperations } from "./recorder.ts";
import { type GraphSettings, graphSettings } from "./settings.ts";
import { inputSignature, inputTensors } from "./signature.ts";

/** What a recorded function may use besides its input. */
export interface RecordOptions {
  /** Variables that the function reads; their values may change between calls. */
  readonly variables: readonly tf.Variable[];
  /** Most graphs kept, the one used longest ago being freed first; 64 without it. */
  readonly maxGraphs?: number;
}

/** A function that runs as one graph where the engine has graphs. */
export interface Recorded<Input> {
  /** Runs the function; the caller disposes of the results. */
  (input: Input): tf.Tensor[];
  /** Frees the graphs. */
  dispose(): void;
  /** How many graphs are held now. */
  graphCount(): number;
}

/** Runs one signature of a recorded function. */
type Run = { call(inputs: readonly tf.Tensor[]): tf.Tensor[]; dispose(): void };

/**
 * Turns a tfjs function into one TensorFlow graph per input signature.
 *
 * The function must be pure: its results depend on its input's tensors, on the listed variables, and on the input's
 * plain values, which are part of the signature. It must not assign variables. A function that reads values back runs
 * as it is, and so does every function on an engine without graphs, or with graphs switched off by `useGraphs`. A graph's results may differ from plain execution
 * in the last bits, but every call with a signature runs the same graph, the first one too.
 *
 * @param fn Takes tensors and plain values in nested objects and arrays; returns tensors.
 */
export function record<Input>(fn: (input: Input) => tf.Tensor[], options: RecordOptions): Recorded<Input> {
  const { variables, maxGraphs = 64 } = options;
  const graphs = new Map<string, Run | "plain">();

  const call = (input: Input): tf.Tensor[] => {
    const plain = (): tf.Tensor[] => tf.tidy(() => fn(input) as tf.TensorContainer) as tf.Tensor[];
    const backend = nodeBackend();
    const settings = graphSettings();
    if (backend === undefined || !settings.enabled) return plain();

    const key = `${settings.products} ${inputSignature(input)}`;
    const inputs = [...variables, ...inputTensors(input)];
    const run = graphs.get(key) ?? compile(backend, plain, inputs, settings);
    graphs.delete(key);
    graphs.set(key, run);
    for (const [oldest, graph] of graphs) {
      if (graphs.size <= maxGraphs) break;
      if (graph !== "plain") graph.dispose();
      graphs.delete(oldest);
    }
    return run === "plain" ? plain() : run.call(inputs);
  };

  const dispose = (): void => {
    for (const graph of graphs.values()) if (graph !== "plain") graph.dispose();
    graphs.clear();
  };
  const graphCount = (): number => [...graphs.values()].filter((graph) => graph !== "plain").length;
  return Object.assign(call, { dispose, graphCount });
}

/** Records the function once and loads what it did as a graph. */
function compile(
  backend: NodeBackend,
  plain: () => tf.Tensor[],
  inputs: readonly tf.Tensor[],
  settings: GraphSettings,
): Run | "plain" {
  const { binding } = backend;
  const inputIds = backend.getInputTensorIds(inputs);
  const placeholders = inputs.map((tensor, index) => ({
    id: inputIds[index] as number,
    shape: tensor.shape,
    dtype: binding[ELEMENT_TYPES[tensor.dtype as keyof typeof ELEMENT_TYPES]] as number,
  }));
  let recording: Recording;
  try {
    recording = recordOperations(backend, new Map(placeholders.map((input) => [input.id, input])), () => {
      const results = plain();
      const ids = backend.getInputTensorIds(results);
      tf.dispose(results);
      return ids;
    });
  } catch (error) {
    if (error instanceof NotRecordable) {
      return "plain";
    }
    throw error;
  }

  const graph = defineGraph(recording, placeholders, binding, settings);
  const session = loadGraph(graph.bytes, backend);
  return {
    call: (tensors) => {
      const fed = graph.inputs.map((index) => tensors[index] as tf.Tensor);
      return binding
        .runSavedModel(session, backend.getInputTensorIds(fed), graph.inputNames, graph.outputNames)
        .map((metadata) => backend.createOutputTensor(metadata));
    },
    dispose: () => binding.deleteSavedModel(session),
  };
}

const ELEMENT_TYPES = { float32: "TF_FLOAT", int32: "TF_INT32", bool: "TF_BOOL" } as const;

/** TensorFlow reads graphs from folders only; this one is gone again at once. */
function loadGraph(bytes: Uint8Array, { binding }: NodeBackend): number {
  const directory = mkdtempSync(join(tmpdir(), "relatum-graph-"));
  try {
    writeFileSync(join(directory, "saved_model.pb"), bytes);
    return binding.loadSavedModel(directory, "serve");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
