import type * as tf from "@tensorflow/tfjs";

import { setRegionListener } from "../kernels/fused-region.ts";
import { setLoopRecorder } from "../kernels/scan.ts";
import { freeingKeptOnError } from "./broken-tape.ts";
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
  /** What a loop repeats. */
  readonly loop?: RecordedLoop;
}

/** The two parts of a loop, each a function of its whole state. */
export interface RecordedLoop {
  readonly condition: RecordedFunction;
  readonly body: RecordedFunction;
}

/** Operations on tensors that stand for the arguments. */
export interface RecordedFunction {
  readonly operations: readonly RecordedOperation[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
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
  /** Shape and element type of each tensor that was given or made. */
  readonly tensors: ReadonlyMap<number, InferredTensor>;
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
  const recorder = new OperationRecorder(backend, known);
  const { binding } = backend;
  backend.binding = recorder.facade();
  setRegionListener(recorder);
  setLoopRecorder(recorder);
  try {
    return recorder.finish(freeingKeptOnError(run));
  } finally {
    setRegionListener(undefined);
    setLoopRecorder(undefined);
    backend.binding = binding;
  }
}

class OperationRecorder {
  readonly #backend: NodeBackend;
  readonly #binding: Binding;
  #operations: RecordedOperation[] = [];
  readonly #constants = new Map<number, RecordedConstant>();
  readonly #tensors: Map<number, InferredTensor>;
  #region: Region | undefined;
  #regionCount = 0;
  #depth = 0;
  /** Numbers below zero belong to tensors without values: tfjs asks the binding to free those from zero on alone. */
  #nextId = -2;

  constructor(backend: NodeBackend, known: ReadonlyMap<number, InferredTensor>) {
    this.#backend = backend;
    this.#binding = backend.binding;
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

  loop(
    state: readonly tf.Tensor[],
    goesOn: (state: readonly tf.Tensor[]) => tf.Tensor,
    next: (state: readonly tf.Tensor[]) => readonly tf.Tensor[],
  ): tf.Tensor[] {
    const start = this.#backend.getInputTensorIds(state);
    const condition = this.#recordFunction(start, (current) => [goesOn(current)]);
    const body = this.#recordFunction(start, next);
    // TensorFlow gives a loop its state and nothing else: what its parts take from around them goes along unchanged.
    const taken = [...new Set([condition, body].flatMap(freeTensors))].filter((id) => !this.#constants.has(id));
    const loop = {
      condition: { ...condition, inputs: [...condition.inputs, ...taken] },
      body: { ...body, inputs: [...body.inputs, ...taken], outputs: [...body.outputs, ...taken] },
    };
    const outputs = [...start, ...taken].map((id) => this.#stand(this.#tensor(id)));
    const ids = outputs.map(({ id }) => id);
    const region = this.#region && { region: this.#region };
    this.#operations.push({
      name: "StatelessWhile",
      attributes: [],
      inputs: [...start, ...taken],
      outputs: ids,
      loop,
      ...region,
    });
    return outputs.slice(0, start.length).map((metadata) => this.#backend.createOutputTensor(metadata));
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
    return { operations: this.#operations, constants: this.#constants, tensors: this.#tensors, outputs };
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
    const tensors = inputs.map((id) => this.#tensor(id));
    const inferred = inferOutputs(name, attributes, tensors, outputCount);
    if (inferred === undefined) throw new NotRecordable(`operation ${name} has no rule for its shape.`);
    const outputs = inferred.map((tensor) => this.#stand(tensor));
    const ids = outputs.map((output) => output.id);
    const region = this.#region && { region: this.#region };
    this.#operations.push({ name, attributes, inputs: [...inputs], outputs: ids, ...region });
    return outputs;
  }

  #tensor(id: number): InferredTensor {
    const tensor = this.#tensors.get(id);
    if (tensor !== undefined) return tensor;
    throw new RangeError("a recorded function must use its input and the listed variables only, got another tensor.");
  }

  /** Makes what stands for a tensor that has no values. */
  #stand({ shape, dtype }: InferredTensor): TensorMetadata {
    const id = this.#nextId--;
    this.#tensors.set(id, { shape, dtype });
    return { id, shape: [...shape], dtype };
  }

  /** Writes down what a function does with arguments that look like the given tensors. */
  #recordFunction(
    like: readonly number[],
    run: (given: readonly tf.Tensor[]) => readonly tf.Tensor[],
  ): RecordedFunction {
    const around = this.#operations;
    this.#operations = [];
    try {
      const stands = like.map((id) => this.#stand(this.#tensor(id)));
      const results = run(stands.map((metadata) => this.#backend.createOutputTensor(metadata)));
      const outputs = this.#backend.getInputTensorIds(results);
      return { operations: this.#operations, inputs: stands.map(({ id }) => id), outputs };
    } finally {
      this.#operations = around;
    }
  }

  #read(id: number): ArrayLike<number> {
    const constant = this.#constants.get(id);
    if (constant === undefined) throw new NotRecordable("a value was read back.");
    return constant.values;
  }
}

/** Tensors that a function uses though they are neither its arguments nor made by it. */
function freeTensors({ operations, inputs, outputs }: RecordedFunction): number[] {
  const own = new Set([...inputs, ...operations.flatMap((operation) => operation.outputs)]);
  return [...operations.flatMap((operation) => operation.inputs), ...outputs].filter((id) => !own.has(id));
}
