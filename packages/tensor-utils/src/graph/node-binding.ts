import * as tf from "@tensorflow/tfjs";

/** What the binding tells of a tensor that an operation made. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** An attribute of an operation, as the binding takes it. */
export interface BindingAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The functions of tfjs-node's binding that graphs are made with. Internal to tfjs-node 4.22: only this folder uses them. */
export interface Binding {
  readonly [constant: string]: unknown;
  createTensor(shape: number[], dtype: number, values: ArrayLike<number>): number;
  executeOp(name: string, attributes: BindingAttribute[], inputs: number[], outputs: number): TensorMetadata[];
  tensorDataSync(id: number): ArrayLike<number>;
  loadSavedModel(directory: string, tags: string): number;
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): TensorMetadata[];
  deleteSavedModel(id: number): void;
}

/** tfjs-node's backend, as far as graphs need it. */
export interface NodeBackend {
  binding: Binding;
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
}

/** The backend in use where it is tfjs-node's, else nothing. */
export function nodeBackend(): NodeBackend | undefined {
  return tf.getBackend() === "tensorflow" ? (tf.backend() as unknown as NodeBackend) : undefined;
}
