import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import util from "node:util";

import type { TfjsNode } from "./tfjs-node.ts";

/** The one function of `@mapbox/node-pre-gyp` that tfjs-node calls. */
interface BindingFinder {
  find(packageJson: string, options?: unknown): string;
}

/**
 * Loads tfjs-node on a compiled binding outside its own folder; it registers the backend `tensorflow`.
 *
 * @param tfjsNode The package to load; its folder stays as it is.
 * @param binding The compiled binding, `tfjs_binding.node`.
 */
export function loadTfjsNode(tfjsNode: TfjsNode, binding: string): void {
  const require = createRequire(join(tfjsNode.directory, "package.json"));
  restoreUtil();

  // tfjs-node asks @mapbox/node-pre-gyp where its binding lies; this answers in that module's place.
  const finderPath = require.resolve("@mapbox/node-pre-gyp");
  const finderBefore = require.cache[finderPath];
  const find = (packageJson: string, options?: unknown): string => {
    if (realpathSync(dirname(packageJson)) === tfjsNode.directory) return binding;
    require.cache[finderPath] = finderBefore;
    return (require(finderPath) as BindingFinder).find(packageJson, options);
  };
  require.cache[finderPath] = moduleOf(finderPath, { find });
  try {
    require(tfjsNode.directory);
  } finally {
    if (finderBefore === undefined) delete require.cache[finderPath];
    else require.cache[finderPath] = finderBefore;
  }
}

/** An entry of `require.cache` for exports that no file was read for. */
function moduleOf(path: string, exports: object): NodeJS.Module {
  const entry = { id: path, filename: path, path: dirname(path), loaded: true, children: [], paths: [], exports };
  return entry as unknown as NodeJS.Module;
}

/** tfjs-node 4.22 calls two functions that Node 22 warns about and Node 23 no longer has. */
function restoreUtil(): void {
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
}
