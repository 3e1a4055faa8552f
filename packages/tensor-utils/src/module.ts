import * as tf from "@tensorflow/tfjs";

import { ShapeError } from "./shapes.ts";

/** Tensors by parameter name. */
export type NamedTensors = ReadonlyMap<string, tf.Tensor>;

/** What {@link Module.loadParameters} does about names that do not match. */
export interface LoadParametersOptions {
  /** Parameters of the module that the tensors may lack; they keep their values. */
  readonly allowMissing?: RegExp;
  /** Tensors that the module may lack a parameter for; they are passed over. */
  readonly allowUnused?: RegExp;
}

/**
 * Something with weights: a layer or a model.
 *
 * Parameters are the `tf.Variable`s among a module's properties, named by property path: `layers.0.query.weight`.
 * Properties whose name starts with `#` are private to the language and never counted.
 */
export abstract class Module {
  /** Every parameter by its path, in the order in which the properties were assigned. */
  parameters(): ReadonlyMap<string, tf.Variable> {
    const found = new Map<string, tf.Variable>();
    collect(this, "", found);
    return found;
  }

  /**
   * Copies values into the parameters.
   *
   * @param tensors Values by parameter path; the caller keeps them. Every parameter must be there and every tensor used.
   * @throws {RangeError} If names are missing or left over.
   * @throws {ShapeError} If a shape differs; nothing has been changed then.
   */
  loadParameters(tensors: NamedTensors, options: LoadParametersOptions = {}): void {
    const parameters = this.parameters();
    const missing = [...parameters.keys()].filter((name) => !tensors.has(name) && !options.allowMissing?.test(name));
    const unused = [...tensors.keys()].filter((name) => !parameters.has(name) && !options.allowUnused?.test(name));
    if (missing.length > 0)
      throw new RangeError(`tensors must hold every parameter, but ${listNames(missing)} missing.`);
    if (unused.length > 0) throw new RangeError(`tensors must hold parameters only, but ${listNames(unused)} unknown.`);

    for (const [name, variable] of parameters) {
      const tensor = tensors.get(name);
      if (tensor !== undefined && !tf.util.arraysEqual(tensor.shape, variable.shape)) {
        throw new ShapeError(name, variable.shape.join(", "), tensor.shape);
      }
    }
    for (const [name, variable] of parameters) {
      const tensor = tensors.get(name);
      // A variable that is assigned itself would free its own values.
      if (tensor !== undefined && tensor !== variable) variable.assign(tensor);
    }
  }

  /** Frees every parameter. */
  dispose(): void {
    for (const variable of this.parameters().values()) variable.dispose();
  }
}

function collect(value: unknown, path: string, found: Map<string, tf.Variable>): void {
  if (value instanceof tf.Variable) {
    found.set(path, value);
  } else if (value instanceof Module || Array.isArray(value)) {
    for (const [key, child] of Object.entries(value)) collect(child, path === "" ? key : `${path}.${key}`, found);
  }
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} more are` : names.length > 1 ? " are" : " is"}`;
}
