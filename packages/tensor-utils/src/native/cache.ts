import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Version of tfjs-node whose binding the cache holds. */
export const TFJS_VERSION = "4.22.0";

/** Version of TensorFlow's library that the binding is built against. */
export const TENSORFLOW_VERSION = "2.21.0";

/** The two builds of TensorFlow's library: without and with CUDA. */
export type LibraryKind = "cpu" | "gpu";

/** Environment variables, for example `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder below which everything that Relatum installs lies. */
export function cacheRoot(environment: Environment = process.env): string {
  if (environment["RELATUM_CACHE"]) return environment["RELATUM_CACHE"];
  return join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "relatum");
}

/** The folder of one build of the library; it exists only once the build is complete and checked. */
export function libraryDirectory(library: LibraryKind, environment: Environment = process.env): string {
  const { platform, arch } = process;
  return join(
    cacheRoot(environment),
    `tfjs-${TFJS_VERSION}-tf${TENSORFLOW_VERSION}-${library}-napi8-${platform}-${arch}`,
  );
}

/** The compiled binding inside a {@link libraryDirectory}. */
export function bindingFile(directory: string): string {
  return join(directory, "tfjs_binding.node");
}

/** Whether a build of the library is installed. */
export function isInstalled(library: LibraryKind, environment: Environment = process.env): boolean {
  return existsSync(bindingFile(libraryDirectory(library, environment)));
}
