import { type CommandContext, runCommand } from "./run-command.ts";
import type { Environment } from "./cache.ts";

/** The Python to call: the variable `PYTHON`, else `python3`. */
export function pythonCommand(environment: Environment): string {
  return environment["PYTHON"] || "python3";
}

/** The C++ compiler to call: the variable `CXX`, else `c++`. */
export function compilerCommand(environment: Environment): string {
  return environment["CXX"] || "c++";
}

/**
 * The tools that an installation needs and that are not there, each with the packages that bring it.
 *
 * @returns One phrase a tool, for example `"c++ (Debian, Ubuntu: g++; Fedora: gcc-c++; macOS: xcode-select --install)"`.
 */
export async function missingTools(context: CommandContext): Promise<string[]> {
  const python = pythonCommand(context.environment);
  const compiler = compilerCommand(context.environment);
  const runs = async (command: string, ...parameters: string[]): Promise<boolean> =>
    (await runCommand(command, parameters, context)).status === 0;

  const missing: string[] = [];
  if (!(await runs(python, "--version"))) missing.push(phrase(python, "python3 python3-pip", "python3 python3-pip"));
  else if (!(await runs(python, "-m", "pip", "--version"))) missing.push(phrase("pip", "python3-pip", "python3-pip"));
  if (!(await runs(compiler, "--version"))) missing.push(phrase(compiler, "g++", "gcc-c++"));
  return missing;
}

function phrase(tool: string, debian: string, fedora: string): string {
  return `${tool} (Debian, Ubuntu: ${debian}; Fedora: ${fedora}; macOS: xcode-select --install)`;
}
