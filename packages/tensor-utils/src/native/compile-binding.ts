import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { compilerCommand } from "./build-tools.ts";
import { bindingFile } from "./cache.ts";
import { DISK_ADVICE, saysDiskFull } from "./disk-error.ts";
import { EngineError } from "./engine-error.ts";
import { type CommandContext, runCommand } from "./run-command.ts";

/**
 * Compiles tfjs-node's binding against the extracted library, and removes the headers.
 *
 * @param directory The folder that holds `tensorflow/`; the binding is put beside it.
 * @param sources The folder of tfjs-node; its `binding/` holds the C++ code.
 * @throws {EngineError} If the compiler fails.
 */
export async function compileBinding(directory: string, sources: string, context: CommandContext): Promise<void> {
  const library = join(directory, "tensorflow");
  const { include_dir: nodeHeaders } = createRequire(import.meta.url)("node-api-headers") as { include_dir: string };
  const parameters = [
    "-std=c++17",
    "-O1",
    "-fPIC",
    "-DNAPI_VERSION=8",
    `-I${nodeHeaders}`,
    `-I${join(library, "include")}`,
    join(sources, "binding/tfjs_backend.cc"),
    join(sources, "binding/tfjs_binding.cc"),
    "-o",
    bindingFile(directory),
    ...(process.platform === "darwin" ? darwinLink(library) : linuxLink(library)),
  ];
  const { status, output } = await runCommand(compilerCommand(context.environment), parameters, context);
  if (status !== 0) {
    const lines = output.trim().split("\n");
    const error = lines.find((line) => line.includes("error:")) ?? lines.at(-1) ?? "";
    const advice = saysDiskFull(output) ? ` ${DISK_ADVICE}` : "";
    throw new EngineError("native", `tfjs-node's binding must compile, got status ${status}: ${error}${advice}`);
  }
  await rm(join(library, "include"), { recursive: true });
}

function linuxLink(library: string): string[] {
  const libraries = ["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"];
  return ["-shared", "-L", library, ...libraries, "-Wl,-rpath,$ORIGIN/tensorflow"];
}

function darwinLink(library: string): string[] {
  const libraries = [join(library, "libtensorflow_cc.2.dylib"), join(library, "libtensorflow_framework.2.dylib")];
  return ["-bundle", "-undefined", "dynamic_lookup", ...libraries, "-Wl,-rpath,@loader_path/tensorflow"];
}
