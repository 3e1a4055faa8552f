import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import util from "node:util";

import * as tf from "@tensorflow/tfjs";

/** Stand-in until the provisioning part lands: loads the binding from the cache. */
export async function useEngine(name: "auto" | "gpu" | "native" | "wasm" | "cpu"): Promise<string> {
  const require = createRequire(import.meta.url);
  const packageJson = require.resolve("@tensorflow/tfjs-node-gpu/package.json");
  const cached = join(homedir(), ".cache/relatum/tfjs-4.22.0-tf2.21.0-cpu-napi8-linux-x64/tfjs_binding.node");
  if (name === "cpu" || !existsSync(cached)) {
    await tf.setBackend("cpu");
    return "cpu";
  }
  const inner = createRequire(packageJson);
  const id = inner.resolve("@mapbox/node-pre-gyp");
  inner.cache[id] = {
    id,
    filename: id,
    path: dirname(id),
    loaded: true,
    children: [],
    paths: [],
    parent: null,
    exports: { find: () => cached },
  } as unknown as NodeJS.Module;
  Object.assign(util, { isNullOrUndefined: (x: unknown) => x === null || x === undefined, isArray: Array.isArray });
  require("@tensorflow/tfjs-node-gpu");
  await tf.setBackend("tensorflow");
  return "native";
}
