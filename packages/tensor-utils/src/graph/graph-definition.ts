import type { Binding, BindingAttribute } from "./node-binding.ts";
import {
  bytesField,
  floatField,
  formatMessage,
  integerField,
  mapField,
  type Message,
  message,
  messageField,
  textField,
  textMapField,
} from "./protocol-buffer.ts";
import type { GraphSettings } from "./settings.ts";
import { inputsOf, OUTPUT_PORTS, planSteps } from "./steps.ts";
import type { RecordedConstant, RecordedFunction, RecordedOperation, Recording } from "./recorder.ts";

/** A placeholder of the graph. */
export interface GraphInput {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** A graph ready to be loaded, and the names by which to feed and fetch. */
export interface GraphDefinition {
  /** A `SavedModel` message, to be written to `saved_model.pb`. */
  readonly bytes: Uint8Array;
  /** Which of the inputs the graph uses, by index: only these are fed. */
  readonly inputs: readonly number[];
  readonly inputNames: string;
  readonly outputNames: string;
}

/** TensorFlow's numbers of two element types. */
const [FLOAT32, BF16] = [1, 14];

/** TensorFlow's graph format number; any of its current releases accepts it. */
const PRODUCER = 1882;

/** Marks of TensorFlow's graph optimizer for nodes that it has dealt with. */
const ADDITIONS_DONE = "_grappler_ArithmeticOptimizer_AddOpsRewriteStage";
const BROADCASTS_DONE = "_grappler_ArithmeticOptimizer_MinimizeBroadcasts";

/**
 * Writes a recording as a TensorFlow graph.
 *
 * Operations that no output needs are left out. Each fused region becomes a function compiled by XLA; equal regions
 * share one.
 *
 * @throws {RangeError} If an operation uses a tensor that is neither an input, nor a constant, nor made by an operation.
 */
export function defineGraph(
  recording: Recording,
  inputs: readonly GraphInput[],
  binding: Binding,
  { products }: Pick<GraphSettings, "products">,
): GraphDefinition {
  const graph = new GraphBuilder(recording, binding, products);
  const operations = neededOperations(recording);
  const taken = new Set([...recording.outputs, ...operations.flatMap((operation) => operation.inputs)]);
  const used = [...inputs.keys()].filter((index) => taken.has((inputs[index] as GraphInput).id));
  for (const index of used) graph.addPlaceholder(`input_${index}`, inputs[index] as GraphInput);

  const steps = planSteps({ ...recording, operations });
  const usedOutside = new Set([...recording.outputs, ...steps.flatMap((step) => inputsOf(step.operations))]);
  for (const step of steps) {
    if (step.compiled) graph.addRegion(step.operations, usedOutside);
    else for (const operation of step.operations) graph.addOperation(operation);
  }
  const outputNames = recording.outputs.map((id, index) => graph.addOutput(`output_${index}`, id));
  return {
    bytes: graph.format(),
    inputs: used,
    inputNames: used.map((index) => `input_${index}:0`).join(","),
    outputNames: outputNames.join(","),
  };
}

/** The operations that lead to an output, in order. */
function neededOperations({ operations, outputs }: Recording): RecordedOperation[] {
  const wanted = new Set(outputs);
  const kept = operations.toReversed().filter((operation) => {
    const needed = operation.outputs.some((id) => wanted.has(id));
    if (needed) for (const id of operation.inputs) wanted.add(id);
    return needed;
  });
  return kept.toReversed();
}

/** Collects the nodes and functions of a graph. */
class GraphBuilder {
  readonly #recording: Recording;
  readonly #binding: Binding;
  readonly #nodes: Message[] = [];
  /** Functions by their text, so that equal ones are written once. */
  readonly #functions = new Map<string, { readonly name: string; readonly definition: Message }>();
  readonly #names = new Map<number, string>();
  /** Halves of tensors, by number: the nodes that round them to bf16. */
  readonly #rounded = new Map<number, string>();
  readonly #products: GraphSettings["products"];

  constructor(recording: Recording, binding: Binding, products: GraphSettings["products"]) {
    this.#recording = recording;
    this.#binding = binding;
    this.#products = products;
  }

  addPlaceholder(name: string, { id, shape, dtype }: GraphInput): void {
    this.#nodes.push(
      nodeMessage(name, "Placeholder", [], {
        dtype: integerField(6, dtype),
        shape: messageField(7, shapeMessage(shape)),
      }),
    );
    this.#names.set(id, name);
  }

  addOperation(operation: RecordedOperation): void {
    if (this.#products === "bf16" && this.#isProduct(operation)) return this.#addRoundedProduct(operation);
    const inputs = operation.inputs.map((id) => this.#source(id));
    const name = this.#addNode(operation.name, inputs, this.#attributes(operation));
    operation.outputs.forEach((id, index) => this.#names.set(id, index === 0 ? name : `${name}:${index}`));
  }

  /** Whether an operation multiplies two matrices, as linear maps and their gradients do; attention multiplies stacks. */
  #isProduct({ name, inputs }: RecordedOperation): boolean {
    const { tensors } = this.#recording;
    return name === "BatchMatMulV2" && inputs.every((id) => tensors.get(id)?.shape.length === 2);
  }

  /** A matrix product of operands rounded to bf16. */
  #addRoundedProduct(operation: RecordedOperation): void {
    const inputs = operation.inputs.map((id) => this.#roundedSource(id));
    const product = this.#addNode(operation.name, inputs, { ...this.#attributes(operation), T: integerField(6, BF16) });
    this.#names.set(operation.outputs[0] as number, this.#addCast(product, BF16, FLOAT32));
  }

  /** The name of a tensor rounded to bf16. */
  #roundedSource(id: number): string {
    const known = this.#rounded.get(id) ?? this.#addCast(this.#source(id), FLOAT32, BF16);
    this.#rounded.set(id, known);
    return known;
  }

  #addCast(source: string, from: number, to: number): string {
    return this.#addNode("Cast", [source], { SrcT: integerField(6, from), DstT: integerField(6, to) });
  }

  #addNode(operation: string, inputs: readonly string[], attributes: Record<string, Message>): string {
    const name = `node_${this.#nodes.length}`;
    this.#nodes.push(nodeMessage(name, operation, inputs, attributes));
    return name;
  }

  addRegion(operations: readonly RecordedOperation[], usedOutside: ReadonlySet<number>): void {
    const inputs = inputsOf(operations).filter((id) => !this.#recording.constants.has(id));
    const outputs = operations.flatMap((operation) => operation.outputs).filter((id) => usedOutside.has(id));
    const functionName = this.#defineFunction({ operations, inputs, outputs });

    const sources = inputs.map((id) => this.#source(id));
    const name = this.#addNode(functionName, sources, { _XlaMustCompile: integerField(5, 1) });
    outputs.forEach((id, index) => this.#names.set(id, index === 0 ? name : `${name}:${index}`));
  }

  /** An identity, so that an input or a constant can be an output too. */
  addOutput(name: string, id: number): string {
    this.#nodes.push(nodeMessage(name, "Identity", [this.#source(id)], { T: integerField(6, this.#typeOf(id)) }));
    return `${name}:0`;
  }

  /** The graph as a `SavedModel` with the one tag `serve`. */
  format(): Uint8Array {
    const functions = [...this.#functions.values()].map(({ definition }) => messageField(1, definition));
    const graph = message(
      ...this.#nodes.map((node) => messageField(1, node)),
      messageField(2, message(...functions)),
      messageField(4, integerField(1, PRODUCER)),
    );
    const metaGraph = message(messageField(1, textField(4, "serve")), messageField(2, graph));
    return formatMessage(message(integerField(1, 1), messageField(2, metaGraph)));
  }

  /** The name of a tensor; a constant becomes a node when it is first used. */
  #source(id: number): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const constant = this.#recording.constants.get(id);
    if (constant === undefined) {
      throw new RangeError("a recorded function must use its input and the listed variables only, got another tensor.");
    }
    const name = isUniform(constant) ? this.#addFill(constant) : this.#addConstant(constant);
    this.#names.set(id, name);
    return name;
  }

  #addConstant(constant: RecordedConstant): string {
    const name = `node_${this.#nodes.length}`;
    this.#nodes.push(constantMessage(name, constant, this.#binding));
    return name;
  }

  /** Many equal numbers: made when they are needed, where a constant would take its room three times in every graph. */
  #addFill({ shape, dtype, values }: RecordedConstant): string {
    const int32 = this.#binding["TF_INT32"] as number;
    const sizes = this.#addConstant({ shape: [shape.length], dtype: int32, values: shape });
    const value = this.#addConstant({ shape: [], dtype, values: [values[0] as number] });
    return this.#addNode("Fill", [sizes, value], { T: integerField(6, dtype), index_type: integerField(6, int32) });
  }

  #typeOf(id: number): number {
    return this.#recording.tensors.get(id)?.dtype as number;
  }

  /** The name of a function; equal ones are written once. */
  #defineFunction(part: RecordedFunction): string {
    const [signature, body] = [this.#functionSignature(part), this.#functionBody(part)];
    const text = Buffer.from(formatMessage(message(signature, body))).toString("latin1");
    const name = this.#functions.get(text)?.name ?? `region_${this.#functions.size}`;
    const definition = message(messageField(1, message(textField(1, name), signature)), body);
    this.#functions.set(text, { name, definition });
    return name;
  }

  /** The types of a function's arguments and results. */
  #functionSignature({ inputs, outputs }: RecordedFunction): Message {
    const typed = (field: number, name: string, id: number): Message =>
      messageField(field, message(textField(1, name), integerField(3, this.#typeOf(id))));
    return message(
      ...inputs.map((id, index) => typed(2, `argument_${index}`, id)),
      ...outputs.map((id, index) => typed(3, `result_${index}`, id)),
    );
  }

  /** A function's nodes, which name each other's outputs by their ports, and its results. */
  #functionBody({ operations, inputs, outputs }: RecordedFunction): Message {
    const names = new Map(inputs.map((id, index) => [id, `argument_${index}`]));
    const nodes: Message[] = [];
    const source = (id: number): string => {
      const constant = this.#recording.constants.get(id);
      if (!names.has(id) && constant !== undefined) {
        nodes.push(constantMessage(`inner_${nodes.length}`, constant, this.#binding));
        names.set(id, `inner_${nodes.length - 1}:output:0`);
      }
      return names.get(id) as string;
    };
    for (const operation of operations) {
      const sources = operation.inputs.map(source);
      const name = `inner_${nodes.length}`;
      nodes.push(nodeMessage(name, operation.name, sources, this.#attributes(operation)));
      const port = OUTPUT_PORTS[operation.name] as string;
      operation.outputs.forEach((id, index) => names.set(id, `${name}:${port}:${index}`));
    }
    const results = outputs.map(source);
    return message(
      ...nodes.map((node) => messageField(3, node)),
      ...results.map((result, index) => textMapField(4, `result_${index}`, result)),
      mapField(5, "_XlaMustCompile", integerField(5, 1)),
    );
  }

  #attributes({ name, attributes, inputs, loop }: RecordedOperation): Record<string, Message> {
    if (loop !== undefined) {
      const reference = (part: RecordedFunction): Message => messageField(10, textField(1, this.#defineFunction(part)));
      const types = inputs.map((id) => integerField(6, this.#typeOf(id)));
      return { T: messageField(1, message(...types)), cond: reference(loop.condition), body: reference(loop.body) };
    }
    const said = attributes.map((attribute) => [attribute.name, attributeMessage(attribute, this.#binding)]);
    return { ...this.#impliedAttributes(name, inputs), ...Object.fromEntries(said) };
  }

  #impliedAttributes(name: string, inputs: readonly number[]): Record<string, Message> {
    switch (name) {
      case "ExpandDims":
        // tfjs leaves these two to eager execution to find out; a graph wants them said.
        return {
          T: integerField(6, this.#typeOf(inputs[0] as number)),
          Tdim: integerField(6, this.#binding["TF_INT32"] as number),
        };
      case "Add":
      case "AddV2":
      case "Mul":
        // TensorFlow would turn a tree of additions into one AddN, which adds in the order in which memory becomes free,
        // and so differs in the last bits from run to run: the marks say that its two rewrites are done already.
        return { [ADDITIONS_DONE]: integerField(5, 1), [BROADCASTS_DONE]: integerField(5, 1) };
      default:
        return {};
    }
  }
}

function nodeMessage(
  name: string,
  operation: string,
  inputs: readonly string[],
  attributes: Record<string, Message>,
): Message {
  return message(
    textField(1, name),
    textField(2, operation),
    ...inputs.map((input) => textField(3, input)),
    ...Object.entries(attributes).map(([key, value]) => mapField(5, key, value)),
  );
}

function constantMessage(name: string, { shape, dtype, values }: RecordedConstant, binding: Binding): Message {
  const tensor = message(
    integerField(1, dtype),
    messageField(2, shapeMessage(shape)),
    bytesField(4, contentBytes(values, dtype, binding)),
  );
  return nodeMessage(name, "Const", [], { dtype: integerField(6, dtype), value: messageField(8, tensor) });
}

function contentBytes(values: ArrayLike<number>, dtype: number, binding: Binding): Uint8Array {
  if (dtype === binding["TF_BOOL"]) return Uint8Array.from(values);
  const typed = dtype === binding["TF_INT32"] ? Int32Array.from(values) : Float32Array.from(values);
  return new Uint8Array(typed.buffer);
}

/** Constants with fewer values are written out. */
const LEAST_FILL = 1024;

function isUniform({ values }: RecordedConstant): boolean {
  if (values.length < LEAST_FILL) return false;
  for (let index = 1; index < values.length; index += 1) if (values[index] !== values[0]) return false;
  return true;
}

function shapeMessage(shape: readonly number[]): Message {
  return message(...shape.map((size) => messageField(2, integerField(1, size))));
}

function attributeMessage({ name, type, value }: BindingAttribute, binding: Binding): Message {
  if (type === binding["TF_ATTR_BOOL"]) return integerField(5, value === true ? 1 : 0);
  if (type === binding["TF_ATTR_TYPE"]) return integerField(6, value as number);
  if (type === binding["TF_ATTR_FLOAT"]) return floatField(4, value as number);
  if (type === binding["TF_ATTR_STRING"]) return textField(2, value as string);
  if (type === binding["TF_ATTR_SHAPE"]) return messageField(7, shapeMessage(value as number[]));
  if (type === binding["TF_ATTR_INT"] && Array.isArray(value)) {
    return messageField(1, message(...(value as number[]).map((item) => integerField(3, item))));
  }
  if (type === binding["TF_ATTR_INT"]) return integerField(3, value as number);
  throw new RangeError(`attribute ${name} must be of a type that graphs can hold, got type ${type}.`);
}
