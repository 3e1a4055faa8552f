import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { bindingFile, isInstalled, libraryDirectory } from "./cache.ts";
import { EngineError } from "./engine-error.ts";
import { installLibrary, type InstallOptions, type InstallSteps } from "./install.ts";

const NO_PROCESS = 99_999_999;
const MACHINE = { system: "linux-x64", glibc: "2.36" };

let folder: string;
let environment: { PATH: string; RELATUM_CACHE: string };
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "relatum-install-"));
  environment = { PATH: join(folder, "bin"), RELATUM_CACHE: join(folder, "cache") };
  await mkdir(environment.PATH);
  lines = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** Puts a shell script on the path that the installation sees. */
async function addTool(name: string, script: string): Promise<void> {
  const file = join(environment.PATH, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

/** A python3 whose `-m pip download` runs the given script; the folder to download into is `$dest`. */
function addPython(download: string): Promise<void> {
  const findFolder = 'while [ $# -gt 0 ]; do [ "$1" = --dest ] && dest=$2; shift; done';
  return addTool("python3", `case "$*" in *download*) ${findFolder}; ${download};; esac`);
}

function install(options: Partial<InstallOptions> = {}): Promise<string> {
  const log = (line: string): unknown => lines.push(line);
  return installLibrary({ library: "cpu", log, environment, machine: MACHINE, ...options });
}

/** Steps that make an empty binding without any tool. */
function pretendedSteps(calls: string[] = []): Partial<InstallSteps> {
  return {
    missingTools: () => Promise.resolve([]),
    download: async (wheel, directory) => {
      calls.push(wheel.name);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return join(directory, "downloaded.whl");
    },
    verify: () => Promise.resolve(),
    extract: () => Promise.resolve(),
    compile: (directory) => writeFile(bindingFile(directory), ""),
    check: () => Promise.resolve({ usesGpu: false }),
  };
}

async function cached(): Promise<string[]> {
  return existsSync(environment.RELATUM_CACHE) ? readdir(environment.RELATUM_CACHE) : [];
}

async function failure(options?: Partial<InstallOptions>): Promise<string> {
  const error = await install(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  expect((error as EngineError).message).not.toContain("\n");
  return (error as EngineError).message;
}

describe("installLibrary", () => {
  it("names every missing tool and the packages that bring it, before anything is downloaded", async () => {
    const message = await failure();

    expect(message).toContain("python3 (Debian, Ubuntu: python3 python3-pip; Fedora: python3 python3-pip; macOS:");
    expect(message).toContain("c++ (Debian, Ubuntu: g++; Fedora: gcc-c++; macOS: xcode-select --install)");
    expect(await cached()).toEqual([]);
  });

  it("tells a Python without pip from no Python", async () => {
    await addTool("python3", 'case "$*" in *pip*) exit 1;; esac');
    await addTool("c++", "exit 0");

    const message = await failure();

    expect(message).toBe(
      'to install the engine "native", first install pip (Debian, Ubuntu: python3-pip; Fedora: python3-pip; macOS: xcode-select --install).',
    );
  });

  it("refuses a file with another hash, and keeps nothing", async () => {
    await addPython('echo tampered > "$dest/tensorflow.whl"');
    await addTool("c++", "exit 0");

    const message = await failure();

    const hash = createHash("sha256").update("tampered\n").digest("hex");
    expect(message).toContain("the downloaded tensorflow-cpu 2.21.0 must have SHA-256 2b847d21");
    expect(message).toContain(`got ${hash}.`);
    expect(await cached()).toEqual([]);
  });

  it("says so in one line when the package index cannot be reached", async () => {
    const warning =
      "WARNING: Retrying after connection broken by 'NewConnectionError(Failed to establish a new connection)'";
    await addPython(`echo "${warning}" >&2; echo "ERROR: No matching distribution found" >&2; exit 1`);
    await addTool("c++", "exit 0");

    const message = await failure();

    expect(message).toContain("the package index cannot be reached");
    expect(await cached()).toEqual([]);
  });

  it("passes on what pip says otherwise", async () => {
    await addPython('echo "ERROR: No matching distribution found for tensorflow-cpu==2.21.0" >&2; exit 1');
    await addTool("c++", "exit 0");

    expect(await failure()).toBe(
      "pip must download tensorflow-cpu==2.21.0, but ended with: No matching distribution found for tensorflow-cpu==2.21.0. Check the network, or pip's settings of index and proxy.",
    );
  });

  it("tries a download again that breaks off, and tells a connection from a wrong file", async () => {
    const marker = join(folder, "tried");
    await addTool("c++", "exit 0");
    await addPython(
      `if [ -e "${marker}" ]; then echo whole > "$dest/x.whl"; else echo > "${marker}"; echo "ReadTimeoutError: Read timed out." >&2; exit 2; fi`,
    );
    const { download: _, ...others } = pretendedSteps();
    await install({ steps: others });
    expect(isInstalled("cpu", environment)).toBe(true);
    await rm(environment.RELATUM_CACHE, { recursive: true });

    await addPython('echo "ERROR: Exception:" >&2; echo "ReadTimeoutError: Read timed out." >&2; exit 2');
    expect(await failure({ steps: others })).toContain("the connection broke off 3 times. Check the network");
    await addPython('echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE" >&2; exit 1');
    expect(await failure({ steps: others })).toContain("what arrived is not what the package index announces");
    expect(await cached()).toEqual([]);
  });

  it("says that the disk is full, at whatever step", async () => {
    const { download: _, ...afterDownload } = pretendedSteps();
    await addPython('echo "ERROR: Could not install packages: [Errno 28] No space left on device" >&2; exit 1');
    expect(await failure({ steps: afterDownload })).toContain("the disk is full. Free some room, or set RELATUM_CACHE");

    const { extract: __, ...afterExtract } = pretendedSteps();
    await addTool("python3", 'echo "OSError: [Errno 28] No space left on device" >&2; exit 1');
    expect(await failure({ steps: afterExtract })).toMatch(/must be extracted, got: OSError.* Free some room/);

    const { compile: ___, ...afterCompile } = pretendedSteps();
    await addTool("c++", 'echo "ld: final link failed: No space left on device" >&2; exit 1');
    expect(await failure({ steps: afterCompile })).toMatch(/must compile, got status 1: ld: .* Free some room/);
    expect(await cached()).toEqual([]);
  });

  it("says which folder it cannot write to", async () => {
    await writeFile(environment.RELATUM_CACHE, "a file, no folder");

    const message = await failure({ steps: pretendedSteps() });

    expect(message).toContain(`${environment.RELATUM_CACHE} must be a folder to write to, got `);
    expect(message).toContain("set RELATUM_CACHE to a folder of yours on another disk.");
    await rm(environment.RELATUM_CACHE);
  });

  it("keeps a library that another process has put there meanwhile, for it may be in use", async () => {
    const target = libraryDirectory("cpu", environment);
    const compile = async (directory: string): Promise<void> => {
      await writeFile(bindingFile(directory), "ours");
      await mkdir(target, { recursive: true });
      await writeFile(bindingFile(target), "theirs");
    };

    await install({ steps: { ...pretendedSteps(), compile } });

    expect(await readFile(bindingFile(target), "utf8")).toBe("theirs");
    expect(await cached()).toHaveLength(1);
  });

  it("passes on the compiler's error", async () => {
    await addTool("c++", 'echo "binding.cc:1: error: no such header" >&2; exit 1');
    const { compile: _, ...others } = pretendedSteps();

    const message = await failure({ steps: others });

    expect(message).toContain("tfjs-node's binding must compile, got status 1: binding.cc:1: error: no such header");
    expect(await cached()).toEqual([]);
  });

  it("does not keep a library that does not load", async () => {
    const { check: _, ...others } = pretendedSteps();

    const message = await failure({ steps: others });

    expect(message).toContain("TensorFlow's library must load and compute here");
    expect(await cached()).toEqual([]);
  });

  it("asks for room on the disk before the download", async () => {
    const calls: string[] = [];

    const message = await failure({ steps: { ...pretendedSteps(calls), freeMegabytes: () => Promise.resolve(100) } });

    expect(message).toContain("must have 1300 MB free, got 100 MB. Free some room, or set RELATUM_CACHE");
    expect(calls).toEqual([]);
    expect(await cached()).toEqual([]);
  });

  it("reports the seconds of every step, and leaves the library alone in the cache", async () => {
    const directory = await install({ steps: pretendedSteps() });

    expect(directory).toBe(libraryDirectory("cpu", environment));
    expect(isInstalled("cpu", environment)).toBe(true);
    expect(await cached()).toHaveLength(1);
    expect(await readdir(directory)).toEqual(["tfjs_binding.node"]);
    const steps = lines.slice(1, -1).map((line) => line.replace(/\d+\.\d s$/, "N s"));
    expect(steps).toEqual([
      "download tensorflow-cpu 2.21.0: N s",
      "verify tensorflow-cpu 2.21.0: N s",
      "extract tensorflow-cpu 2.21.0: N s",
      "compile tfjs-node's binding: N s",
      "check: N s",
    ]);
  });

  it("takes TensorFlow and CUDA for the GPU, one wheel after the other", async () => {
    const calls: string[] = [];

    const directory = await install({ library: "gpu", steps: pretendedSteps(calls) });

    expect(directory).toContain("-gpu-");
    expect(calls[0]).toBe("tensorflow");
    expect(calls).toContain("nvidia-cudnn-cu12");
    expect(lines.at(-1)).toBe("TensorFlow computes on the CPU");
  });

  it("builds once when two ask at once", async () => {
    const calls: string[] = [];
    const steps = pretendedSteps(calls);

    const directories = await Promise.all([install({ steps }), install({ steps })]);

    expect(new Set(directories).size).toBe(1);
    expect(calls).toEqual(["tensorflow-cpu"]);
    expect(lines).toContain(`waits for process ${process.pid}, which installs the same`);
    expect(await cached()).toHaveLength(1);
  });

  it("trusts nothing that a killed installation left, and removes it", async () => {
    // After a restart of a container, this process may have the number of the one that was killed.
    for (const owner of [NO_PROCESS, `${NO_PROCESS}@${hostname()}`, `${process.pid}@${hostname()}`]) {
      const leftover = `${libraryDirectory("cpu", environment)}.partial-${owner}`;
      await mkdir(join(leftover, "wheel"), { recursive: true });
      await writeFile(bindingFile(leftover), "half");
    }

    expect(isInstalled("cpu", environment)).toBe(false);
    await install({ steps: pretendedSteps() });

    expect(await cached()).toHaveLength(1);
  });

  it("leaves alone what another machine works on in the same cache", async () => {
    const theirs = `${libraryDirectory("cpu", environment)}.partial-${NO_PROCESS}@another-machine`;
    await mkdir(theirs, { recursive: true });

    await install({ steps: pretendedSteps() });

    expect(existsSync(theirs)).toBe(true);
  });

  it("keeps nothing when it is stopped", async () => {
    await addPython("/bin/sleep 60");
    const stop = new AbortController();
    const { download: _, ...others } = pretendedSteps();

    const installing = install({ steps: others, signal: stop.signal });
    setTimeout(() => stop.abort(new EngineError("native", "interrupted")), 100);

    await expect(installing).rejects.toThrow("interrupted");
    expect(await cached()).toEqual([]);
  });
});
