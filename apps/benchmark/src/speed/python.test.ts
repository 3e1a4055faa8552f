import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { findPython, type FindPythonOptions } from "./python.ts";
import { SpeedError } from "./speed-error.ts";

const path = process.env["PATH"];

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(async () => {
  process.env["PATH"] = path;
  await rm(root, { recursive: true, force: true });
});

const options = (more: Partial<FindPythonOptions> = {}): FindPythonOptions => ({
  peer: "torch",
  cache: join(root, "cache"),
  signal: new AbortController().signal,
  status: () => undefined,
  ...more,
});

/** Puts a `python3` first that notes what it is called with; as a venv it makes a copy of itself. */
async function installFake(failure = ""): Promise<void> {
  const script = [
    "#!/bin/sh",
    `echo "$*" >> "${join(root, "calls")}"`,
    `case "$*" in *"${failure || "nothing at all"}"*) echo "it went wrong" >&2; exit 1;; esac`,
    'if [ "$2" = venv ]; then mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; fi',
  ];
  await writeFile(join(root, "python3"), `${script.join("\n")}\n`);
  await chmod(join(root, "python3"), 0o755);
  process.env["PATH"] = `${root}:${path}`;
}

const calls = async (): Promise<string[]> => (await readFile(join(root, "calls"), "utf8")).trim().split("\n");

describe.skipIf(process.platform === "win32")("findPython", () => {
  it("makes a venv with the packages once", async () => {
    await installFake();

    const first = await findPython(options());
    const second = await findPython(options());

    expect(second).toBe(first);
    const [venv, pip, ...others] = await calls();
    expect(venv).toMatch(/^-m venv --clear .*cache.venv-[0-9a-f]{12}$/);
    expect(pip).toMatch(/^-m pip install .* -r .*peers.requirements\.txt$/);
    expect(others).toEqual([]);
  });

  it("adds what ONNX files take to the same venv", async () => {
    await installFake();
    const torch = await findPython(options());

    const onnx = await findPython(options({ peer: "onnx" }));

    expect(onnx).toBe(torch);
    const [, , pip, ...others] = await calls();
    expect(pip).toMatch(/requirements-onnx\.txt$/);
    expect(others).toEqual([]);
  });

  it("starts again after an installation that failed", async () => {
    await installFake("pip install");
    await expect(findPython(options())).rejects.toThrow("must be able to install requirements.txt, but it went wrong.");
    await installFake();

    await findPython(options());

    expect((await calls()).map((call) => call.split(" ")[1])).toEqual(["venv", "pip", "venv", "pip"]);
  });

  it("says what to install where venv is missing", async () => {
    await installFake("venv");

    await expect(findPython(options())).rejects.toThrow("on Debian and Ubuntu: python3-venv");
  });

  it.each([
    [
      "is not there",
      "no-such-python",
      "no-such-python must be able to import torch, transformers, safetensors, but it is",
    ],
    [
      "lacks a package",
      "false",
      "false must be able to import torch, transformers, safetensors, but status 1. Install",
    ],
  ])("refuses a named Python that %s", async (_, python, message) => {
    const finding = findPython(options({ python }));

    await expect(finding).rejects.toThrow(SpeedError);
    await expect(finding).rejects.toThrow(message);
  });
});
