import { setRegionListener } from "../kernels/fused-region.ts";
import type { Binding, BindingAttribute, NodeBackend, TensorMetadata } from "./node-binding.ts";
import { inferOutputs, type InferredTensor } from "./shape-inference.ts";

/** One operation; tensors are named by the binding's numbers. */
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
type Region = Readonly<Record<"region", number>>;

/** Everything that a function asked of TensorFlow. */
export interface Recording {
  readonly operations: readonly RecordedOperation[];
  readonly constants: ReadonlyMap<number, RecordedConstant>;
  /** TensorFlow's number of the element type of each tensor that was made. */
  readonly types: ReadonlyMap<number, number>;
  readonly outputs: readonly number[];
}

/** Why a function cannot be recorded; never leaves this folder. */
export class NotRecordable extends Error {
  override readonly name = "NotRecordable";
}

/**
 * Runs a function and writes down every operation that it sends to TensorFlow.
 *
 * Where the rules of shape inference reach, nothing is computed and no memory taken: the function sees tensors that have
 * a shape and no values.
 *
 * @param known The tensors that exist already, by number.
 * @param run Returns the numbers of its output tensors, which must still exist then.
 * @throws {NotRecordable} If the function reads back a value that it computed, or uses an operation without a rule.
 */
export function recordOperations(
  backend: NodeBackend,
  known: ReadonlyMap<number, InferredTensor>,
  run: () => readonly number[],
): Recording {
  const recorder = new OperationRecorder(backend.binding, known);
  const { binding } = backend;
  backend.binding = recorder.facade();
  setRegionListener(recorder);
  try {
    return recorder.finish(run());
  } finally {
    setRegionListener(undefined);
    backend.binding = binding;
  }
}

class OperationRecorder {
  readonly #binding: Binding;
  readonly #operations: RecordedOperation[] = [];
  readonly #constants = new Map<number, RecordedConstant>();
  readonly #tensors: Map<number, InferredTensor>;
  #region: Region | undefined;
  #regionCount = 0;
  #depth = 0;
  /** Numbers below zero belong to tensors without values: tfjs asks the binding to free those from zero on alone. */
  #nextId = -2;

  constructor(binding: Binding, known: ReadonlyMap<number, InferredTensor>) {
    this.#binding = binding;
    this.#tensors = new Map(known);
  }

  enter(): void {
    if (this.#depth === 0) this.#region = { region: this.#regionCount++ };
    this.#depth += 1;
  }

  leave(): void {
    this.#depth -= 1;
    if (this.#depth === 0) this.#region = undefined;
  }

  /** What takes the binding's place; a fresh object, since the binding's own properties are read-only. */
  facade(): Binding {
    const binding = this.#binding;
    const copy: Record<string, unknown> = {};
    for (const name of Object.getOwnPropertyNames(binding)) {
      const value = binding[name];
      copy[name] = typeof value === "function" ? value.bind(binding) : value;
    }
    return Object.assign(copy, {
      createTensor: (shape: number[], dtype: number, values: ArrayLike<number>) => this.#create(shape, dtype, values),
      executeOp: (name: string, attributes: BindingAttribute[], inputs: number[], outputCount: number) =>
        this.#execute(name, attributes, inputs, outputCount),
      tensorDataSync: (id: number) => this.#read(id),
    }) as unknown as Binding;
  }

  finish(outputs: readonly number[]): Recording {
    const types = new Map([...this.#tensors].map(([id, { dtype }]) => [id, dtype]));
    return { operations: this.#operations, constants: this.#constants, types, outputs };
  }

  /** Constants are made for real: they may outlive the recording. */
  #create(shape: number[], dtype: number, values: ArrayLike<number>): number {
    const id = this.#binding.createTensor(shape, dtype, values);
    const constant = { shape: [...shape], dtype, values };
    this.#constants.set(id, constant);
    this.#tensors.set(id, constant);
    return id;
  }

  #execute(name: string, attributes: BindingAttribute[], inputs: number[], outputCount: number): TensorMetadata[] {
    const tensors = inputs.map((id) => this.#tensors.get(id));
    if (tensors.includes(undefined)) {
      throw new RangeError("a recorded function must use its input and the listed variables only, got another tensor.");
    }
    const inferred = inferOutputs(name, attributes, tensors as InferredTensor[], outputCount);
    if (inferred === undefined) throw new NotRecordable(`operation ${name} has no rule for its shape.`);
    const outputs = inferred.map((tensor) => {
      const id = this.#nextId--;
      this.#tensors.set(id, tensor);
      return { id, shape: [...tensor.shape], dtype: tensor.dtype };
    });
    const ids = outputs.map((output) => output.id);
    const region = this.#region && { region: this.#region };
    this.#operations.push({ name, attributes, inputs: [...inputs], outputs: ids, ...region });
    return outputs;
  }

  #read(id: number): ArrayLike<number> {
    const constant = this.#constants.get(id);
    if (constant === undefined) throw new NotRecordable("a value was read back.");
    return constant.values;
  }
}
