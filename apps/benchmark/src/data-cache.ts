import { homedir } from "node:os";
import { join } from "node:path";

/** The folder that downloaded data sets lie in. */
export function dataCache(environment: Readonly<Record<string, string | undefined>>): string {
  const caches = environment["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(environment["RELATUM_CACHE"] || join(caches, "relatum"), "datasets");
}
