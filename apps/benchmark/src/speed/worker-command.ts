import { fileURLToPath } from "node:url";

import type { ProcessCommand } from "./speed-process.ts";

/** The command that starts a Node process for our work, or for onnxruntime's. */
export function workerCommand(name: string, threads: number): ProcessCommand {
  // Sources run sources.
  const file = import.meta.url.endsWith(".ts") ? "worker.ts" : "worker.js";
  return {
    name,
    program: process.execPath,
    parameters: [...process.execArgv, fileURLToPath(new URL(file, import.meta.url))],
    environment: threadVariables(threads),
  };
}

/** Environment variables that keep numeric libraries to so many threads. */
export function threadVariables(threads: number): Record<string, string> {
  const count = String(threads);
  return { OMP_NUM_THREADS: count, MKL_NUM_THREADS: count, TF_NUM_INTRAOP_THREADS: count, TF_CPP_MIN_LOG_LEVEL: "2" };
}
