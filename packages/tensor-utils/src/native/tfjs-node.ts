import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** An installed `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node`. */
export interface TfjsNode {
  readonly name: string;
  readonly version: string;
  /** Its folder, links resolved. */
  readonly directory: string;
}

/** What to run in a project that has neither of the two packages. */
export const ADD_TFJS_NODE = "npm install --ignore-scripts @tensorflow/tfjs-node-gpu@4.22.0";

const PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"];

/**
 * The tfjs-node package of the project at hand, the one with the GPU code first.
 *
 * @param from A file whose project is asked before this package, the running script and the current folder.
 */
export function findTfjsNode(from?: string): TfjsNode | undefined {
  for (const place of [from, import.meta.url, runningScript(), join(process.cwd(), "package.json")]) {
    if (place === undefined) continue;
    for (const name of PACKAGES) {
      const packageJson = resolvePackage(name, place);
      if (packageJson === undefined) continue;
      const { version } = JSON.parse(readFileSync(packageJson, "utf8")) as { version: string };
      return { name, version, directory: dirname(packageJson) };
    }
  }
  return undefined;
}

/** The script that Node was started with; a link in `node_modules/.bin` stands for the file it points to. */
function runningScript(): string | undefined {
  const script = process.argv[1];
  return script !== undefined && existsSync(script) ? realpathSync(script) : undefined;
}

function resolvePackage(name: string, place: string): string | undefined {
  try {
    return realpathSync(createRequire(place).resolve(`${name}/package.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
