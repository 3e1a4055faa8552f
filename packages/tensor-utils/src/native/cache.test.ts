import { homedir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { cacheRoot, isInstalled, libraryDirectory } from "./cache.ts";

describe("cacheRoot", () => {
  it("follows RELATUM_CACHE, then XDG_CACHE_HOME, then the home folder", () => {
    expect(cacheRoot({ RELATUM_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a");
    expect(cacheRoot({ XDG_CACHE_HOME: "/b" })).toBe(join("/b", "relatum"));
    expect(cacheRoot({})).toBe(join(homedir(), ".cache", "relatum"));
  });
});

describe("libraryDirectory", () => {
  it("names both versions, the build, and the system", () => {
    const directory = libraryDirectory("gpu", { RELATUM_CACHE: "/a" });

    expect(directory).toBe(join("/a", `tfjs-4.22.0-tf2.21.0-gpu-napi8-${process.platform}-${process.arch}`));
  });

  it("counts as installed only with a binding inside", () => {
    expect(isInstalled("cpu", { RELATUM_CACHE: "/nowhere" })).toBe(false);
  });
});
