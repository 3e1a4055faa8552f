import type { RecordedOperation, Recording } from "./recorder.ts";

/** Operations that become one node of a graph, in the order in which they were recorded; uncompiled ones a node each. */
export interface Step {
  readonly operations: readonly RecordedOperation[];
  /** Whether they become one function that XLA compiles. */
  readonly compiled: boolean;
}

/** TensorFlow's names of the outputs of operations that regions may hold: a function's body refers to them by name. */
export const OUTPUT_PORTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    z:
      "Add AddV2 Sub Mul Div RealDiv Maximum Minimum Pow SquaredDifference BitwiseAnd BitwiseOr BitwiseXor RightShift " +
      "Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr",
    y: "Abs Neg Exp Expm1 Log Log1p Sqrt Rsqrt Square Reciprocal Tanh Sigmoid Erf Sign Step Cast Transpose LogicalNot",
    output:
      "Const Identity Reshape ExpandDims Squeeze Sum Mean Max Min Prod Select SelectV2 BiasAdd BiasAddGrad Tile Fill " +
      "Split SplitV Slice Pack ConcatV2 BatchMatMulV2 StatelessWhile XlaDynamicUpdateSlice",
    softmax: "Softmax",
    activations: "Relu",
    sum: "AddN",
  }).flatMap(([port, operations]) => operations.split(" ").map((operation) => [operation, port])),
);

/** Elementwise operations that cost a compiled step next to nothing, and a pass over memory by themselves. */
const ARITHMETIC: ReadonlySet<string> = new Set(["Add", "AddV2", "Sub", "Mul", "BiasAdd"]);

/** Values of a tensor from which on a pass over memory costs more than the longer code takes to compile. */
const LEAST_VALUES = 2 ** 15;

/**
 * Puts operations together that are to be compiled as one.
 *
 * These are the operations of a fused region, and before them the arithmetic on large tensors that only they need: a bias
 * or a residual that is added to what is then normalised is added there.
 */
export function planSteps({ operations, outputs, tensors }: Omit<Recording, "constants">): Step[] {
  const steps = groupRegions(operations).map((group) => ({
    operations: group,
    compiled: group.length > 1 && group.every(isCompilable),
  }));
  return takeInArithmetic(steps, { outputs, tensors });
}

/** Tensors that operations take from those before them. */
export function inputsOf(operations: readonly RecordedOperation[]): number[] {
  const own = new Set(outputsOf(operations));
  return [...new Set(operations.flatMap((operation) => operation.inputs))].filter((id) => !own.has(id));
}

/** Neighbouring operations of one region together, every other operation on its own. */
function groupRegions(operations: readonly RecordedOperation[]): RecordedOperation[][] {
  const groups: RecordedOperation[][] = [];
  for (const operation of operations) {
    const last = groups.at(-1);
    if (operation.region !== undefined && last?.[0]?.region === operation.region) last.push(operation);
    else groups.push([operation]);
  }
  return groups;
}

function isCompilable({ name, loop }: RecordedOperation): boolean {
  return name in OUTPUT_PORTS && (loop === undefined || loop.body.operations.every(isCompilable));
}

function takeInArithmetic(
  steps: readonly Step[],
  { outputs, tensors }: Pick<Recording, "outputs" | "tensors">,
): Step[] {
  const makers = new Map(steps.flatMap((step) => outputsOf(step.operations).map((id) => [id, step] as const)));
  const uses = new Map<number, number>();
  for (const id of [...outputs, ...steps.flatMap((step) => inputsOf(step.operations))]) {
    uses.set(id, (uses.get(id) ?? 0) + 1);
  }

  const isLarge = (id: number): boolean => {
    const size = tensors.get(id)?.shape.reduce((product, axis) => product * axis, 1) ?? 0;
    return size >= LEAST_VALUES;
  };
  const taken = new Set<Step>();
  /** The arithmetic that makes a tensor which one step alone uses; reshaping goes along, but not by itself. */
  const takeMaker = (id: number): RecordedOperation[] => {
    const step = makers.get(id);
    if (step === undefined || step.operations.length > 1 || uses.get(id) !== 1 || !isLarge(id)) return [];
    const [operation] = step.operations as [RecordedOperation];
    const isReshape = operation.name === "Reshape";
    if (!isReshape && !ARITHMETIC.has(operation.name)) return [];
    const before = operation.inputs.flatMap(takeMaker);
    if (isReshape && before.length === 0) return [];
    taken.add(step);
    return [...before, operation];
  };
  const grown = steps.map((step) => {
    if (!step.compiled) return step;
    return { compiled: true, operations: [...inputsOf(step.operations).flatMap(takeMaker), ...step.operations] };
  });
  return grown.filter((_, index) => !taken.has(steps[index] as Step));
}

function outputsOf(operations: readonly RecordedOperation[]): number[] {
  return operations.flatMap((operation) => operation.outputs);
}
