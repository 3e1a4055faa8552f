import { setRegionListener } from "../kernels/fused-region.ts";
import type { Binding, BindingAttribute, NodeBackend } from "./node-binding.ts";

/** One operation as it ran; tensors are named by the binding's numbers. */
export interface RecordedOperation {
  readonly name: string;
  readonly attributes: readonly BindingAttribute[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The region that the operation belongs to, if any. */
  readonly region?: Region;
}

/** Values that came from JavaScript while recording. */
export interface RecordedConstant {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly values: ArrayLike<number>;
}

/** Stands for operations that one compiled function takes the place of; told apart by identity. */
export type Region = Readonly<Record<"region", number>>;

/** Everything that ran while a function was being recorded. */
export interface Recording {
  readonly operations: readonly RecordedOperation[];
  readonly constants: ReadonlyMap<number, RecordedConstant>;
  /** TensorFlow's number of the element type of each tensor that was made. */
  readonly types: ReadonlyMap<number, number>;
  /** Whether a value was read back, so that the operations may not be the same another time. */
  readonly readBack: boolean;
  readonly outputs: readonly number[];
}

/**
 * Runs a function and writes down every operation that it sends to TensorFlow.
 *
 * @param run Returns the numbers of its output tensors, which must still exist then.
 */
export function recordOperations(backend: NodeBackend, run: () => readonly number[]): Recording {
  const operations: RecordedOperation[] = [];
  const constants = new Map<number, RecordedConstant>();
  const types = new Map<number, number>();
  let readBack = false;
  let region: Region | undefined;
  let [regions, depth] = [0, 0];

  const { binding } = backend;
  const recorder = copyBinding(binding, {
    createTensor(shape, dtype, values) {
      const id = binding.createTensor(shape, dtype, values);
      types.set(id, dtype);
      constants.set(id, { shape: [...shape], dtype, values });
      return id;
    },
    executeOp(name, attributes, inputs, outputCount) {
      const outputs = binding.executeOp(name, attributes, inputs, outputCount);
      const ids = outputs.map((output) => output.id);
      for (const { id, dtype } of outputs) types.set(id, dtype);
      operations.push({ name, attributes, inputs: [...inputs], outputs: ids, ...(region && { region }) });
      return outputs;
    },
    tensorDataSync(id) {
      readBack ||= !constants.has(id);
      return binding.tensorDataSync(id);
    },
  });

  backend.binding = recorder;
  setRegionListener({
    enter() {
      if (depth === 0) region = { region: regions++ };
      depth += 1;
    },
    leave() {
      depth -= 1;
      if (depth === 0) region = undefined;
    },
  });
  try {
    const outputs = run();
    return { operations, constants, types, readBack, outputs };
  } finally {
    setRegionListener(undefined);
    backend.binding = binding;
  }
}

/** The binding's own properties are read-only: a fresh object takes their place, not a derived one. */
function copyBinding(binding: Binding, replaced: Partial<Binding>): Binding {
  const copy: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(binding)) {
    const value = binding[name];
    copy[name] = typeof value === "function" ? value.bind(binding) : value;
  }
  return Object.assign(copy, replaced) as Binding;
}
