import * as tf from "@tensorflow/tfjs";

/** An attribute of a TensorFlow operation, as tfjs-node's binding takes it. */
interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of tfjs-node's backend that runs an operation of TensorFlow by name. */
interface NodeBackend {
  readonly binding: Readonly<Record<string, number>>;
  executeSingleOutput(name: string, attributes: readonly OperationAttribute[], inputs: readonly tf.Tensor[]): tf.Tensor;
}

/** Whether the engine in use is TensorFlow's own library, so that {@link nativeOperation} works. */
export function hasNativeOperations(): boolean {
  return tf.getBackend() === "tensorflow";
}

/**
 * Runs one operation of TensorFlow that tfjs has no name for.
 *
 * @param name TensorFlow's name of the operation, for example `"BiasAddGrad"`.
 * @returns The operation's only output; no gradient is attached.
 */
export function nativeOperation(
  name: string,
  attributes: Readonly<Record<string, number | boolean | string | readonly number[] | { readonly type: DataType }>>,
  inputs: readonly tf.Tensor[],
): tf.Tensor {
  const backend = tf.backend() as unknown as NodeBackend;
  const list = Object.entries(attributes).map(([key, value]) => toAttribute(key, value, backend.binding));
  return backend.executeSingleOutput(name, list, inputs);
}

/** Element types that attributes of operations name. */
export type DataType = "float32" | "int32" | "bool";

/** The attribute value that names an element type. */
export function typeAttribute(type: DataType): { readonly type: DataType } {
  return { type };
}

function toAttribute(name: string, value: unknown, binding: NodeBackend["binding"]): OperationAttribute {
  const of = (kind: string, converted: unknown): OperationAttribute => ({
    name,
    type: binding[kind] as number,
    value: converted,
  });
  if (typeof value === "boolean") return of("TF_ATTR_BOOL", value);
  if (typeof value === "string") return of("TF_ATTR_STRING", value);
  if (typeof value === "number") return of(Number.isInteger(value) ? "TF_ATTR_INT" : "TF_ATTR_FLOAT", value);
  if (Array.isArray(value)) return of("TF_ATTR_INT", value);
  const codes = { float32: "TF_FLOAT", int32: "TF_INT32", bool: "TF_BOOL" } as const;
  return of("TF_ATTR_TYPE", binding[codes[(value as { type: DataType }).type]]);
}
