import { describe, expect, it } from "vitest";

import { EngineError } from "./engine-error.ts";
import { wheelsFor } from "./wheels.ts";

describe("wheelsFor", () => {
  it("takes TensorFlow's build without CUDA for the CPU", () => {
    const wheels = wheelsFor("cpu", { system: "linux-x64", glibc: "2.36" });

    expect(wheels.map(({ name, version }) => `${name} ${version}`)).toEqual(["tensorflow-cpu 2.21.0"]);
  });

  it("adds CUDA's libraries for the GPU, each with a hash of its own", () => {
    const wheels = wheelsFor("gpu", { system: "linux-x64", glibc: "2.27" });

    expect(wheels[0]?.name).toBe("tensorflow");
    expect(wheels.slice(1).every(({ name }) => /^nvidia-.+-cu12$/.test(name))).toBe(true);
    expect(wheels.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256))).toBe(true);
    expect(new Set(wheels.map(({ sha256 }) => sha256)).size).toBe(wheels.length);
  });

  it("refuses a system that TensorFlow has no wheel for", () => {
    const unsupported = () => wheelsFor("cpu", { system: "win32-x64" });

    expect(unsupported).toThrow(EngineError);
    expect(unsupported).toThrow(
      'TensorFlow 2.21.0 for the CPU must run on linux-x64, linux-arm64, darwin-arm64, got win32-x64. Use the engine "wasm".',
    );
  });

  it.each([undefined, "2.17"])("refuses a C library that the wheels do not run on: %s", (glibc) => {
    expect(() => wheelsFor("cpu", { system: "linux-x64", glibc })).toThrow("must have the GNU C library 2.27 or later");
  });
});
