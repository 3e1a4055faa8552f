import { bindingFile } from "./cache.ts";
import { EngineError } from "./engine-error.ts";
import { type CommandContext, runCommand } from "./run-command.ts";

/** Loads the binding and multiplies two matrices, [[1, 2], [3, 4]] by itself; needs nothing but Node. */
const SCRIPT = `
const binding = require(process.argv[1]);
const matrix = () => binding.createTensor([2, 2], binding.TF_FLOAT, new Float32Array([1, 2, 3, 4]));
const product = binding.executeOp("MatMul", [
  { name: "transpose_a", type: binding.TF_ATTR_BOOL, value: false },
  { name: "transpose_b", type: binding.TF_ATTR_BOOL, value: false },
  { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
], [matrix(), matrix()], 1);
const values = binding.tensorDataSync(product[0].id);
console.log("product " + values.join(" ") + (binding.isUsingGpuDevice() ? " gpu" : " cpu"));
`;

/**
 * Checks, in a process of its own, that an extracted and compiled library loads and computes.
 *
 * @param directory The folder with the binding.
 * @returns Whether it computes on a GPU.
 * @throws {EngineError} If it does not load, crashes or computes something else.
 */
export async function checkBinding(directory: string, context: CommandContext): Promise<{ usesGpu: boolean }> {
  const environment = { ...context.environment, TF_CPP_MIN_LOG_LEVEL: "2" };
  const parameters = ["-e", SCRIPT, bindingFile(directory)];
  const { status, output } = await runCommand(process.execPath, parameters, { ...context, environment });
  const device = /^product 7 10 15 22 (gpu|cpu)$/m.exec(output)?.[1];
  if (status !== 0 || device === undefined) {
    const reason = /^.*Error: .*$/m.exec(output)?.[0] ?? output.trim().split("\n").at(-1) ?? "";
    throw new EngineError("native", `TensorFlow's library must load and compute here, got status ${status}: ${reason}`);
  }
  return { usesGpu: device === "gpu" };
}
