import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { missingTools } from "../../../packages/tensor-utils/src/native/build-tools.ts";
import { bindingFile, isInstalled } from "../../../packages/tensor-utils/src/native/cache.ts";
import { installLibrary, type InstallOptions } from "../../../packages/tensor-utils/src/native/install.ts";
import { filesOf, unclear } from "./disturb.ts";
import { recordInstallation } from "./record-installation.ts";

const folder = mkdtempSync(join(tmpdir(), "relatum-fault-"));
afterAll(() => rmSync(folder, { recursive: true }));

const LINUX = { system: "linux-x64", glibc: "2.36" };

/** A folder with links to programs of this machine alone, and scripts that stand in for others. */
function pathOf(name: string, links: readonly string[], scripts: Readonly<Record<string, string>> = {}): string {
  const place = join(folder, name);
  mkdirSync(place);
  for (const link of links) {
    for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
      try {
        symlinkSync(join(directory, link), join(place, link));
        break;
      } catch {
        continue;
      }
    }
  }
  for (const [script, text] of Object.entries(scripts)) {
    writeFileSync(join(place, script), `#!/bin/sh\n${text}\n`);
    chmodSync(join(place, script), 0o755);
  }
  return place;
}

const WORKING = 'case "$*" in *download*) exit 0;; esac';
const withoutPip = 'case "$*" in *pip*) echo "No module named pip" >&2; exit 1;; esac';

interface Lack {
  readonly name: string;
  readonly path: string;
  readonly says: string;
  readonly machine?: InstallOptions["machine"];
}

const LACKS: readonly Lack[] = [
  { name: "no tool at all", path: pathOf("empty", []), says: "first install python3" },
  { name: "no python3", path: pathOf("no-python", [], { "c++": "exit 0" }), says: "first install python3" },
  { name: "no pip", path: pathOf("no-pip", [], { python3: withoutPip, "c++": "exit 0" }), says: "first install pip" },
  { name: "no compiler", path: pathOf("no-compiler", [], { python3: WORKING }), says: "first install c++" },
  {
    name: "a compiler that does not run",
    path: pathOf("broken-compiler", [], { python3: WORKING, "c++": "exit 127" }),
    says: "first install c++",
  },
  ...["win32-x64", "darwin-x64", "freebsd-x64", "linux-ia32"].map((system) => ({
    name: system,
    path: pathOf(system, []),
    says: `got ${system}. Use the engine "wasm".`,
    machine: { system },
  })),
  {
    name: "musl",
    path: pathOf("musl", []),
    says: 'got another C library. Use the engine "wasm".',
    machine: { system: "linux-x64" },
  },
  {
    name: "an old C library",
    path: pathOf("old", []),
    says: 'got 2.17. Use the engine "wasm".',
    machine: { system: "linux-x64", glibc: "2.17" },
  },
];

type Steps = InstallOptions["steps"];

/** What is wrong with how an installation takes a machine's lack; nothing if it says so, keeps nothing, and works later. */
async function lackProblems({ name, path, says, machine = LINUX }: Lack, steps: Steps = {}): Promise<string[]> {
  const cache = mkdtempSync(join(folder, "cache-"));
  const environment = { PATH: path, RELATUM_CACHE: cache };
  const options = { library: "cpu", log: () => undefined, environment } as const;
  const problems: string[] = [];
  const error: unknown = await installLibrary({ ...options, machine, steps }).catch((reason: unknown) => reason);
  problems.push(...unclear(error));
  if (!(error instanceof Error && error.message.includes(says)))
    problems.push(`it must say "${says}": ${String(error)}`);
  if ((await filesOf(cache)).length > 0) problems.push("it leaves files");
  if (isInstalled("cpu", environment)) problems.push("it counts as installed");

  const pretended: Steps = {
    missingTools: () => Promise.resolve([]),
    freeMegabytes: () => Promise.resolve(10_000),
    download: (_, directory) => Promise.resolve(join(directory, "x.whl")),
    verify: () => Promise.resolve(),
    extract: () => Promise.resolve(),
    compile: (directory) => Promise.resolve(writeFileSync(bindingFile(directory), "")),
    check: () => Promise.resolve({ usesGpu: false }),
  };
  await installLibrary({ ...options, machine: LINUX, steps: pretended });
  if (!isInstalled("cpu", environment)) problems.push("the next run does not install");
  return problems.map((problem) => `${name}: ${problem}`);
}

describe("a machine that lacks something", () => {
  it("is told what, and what to do, before anything is written", async () => {
    const found = await Promise.all(LACKS.map((lack) => lackProblems(lack)));

    const failed = found.filter((problems) => problems.length > 0).length;
    recordInstallation(
      "No compiler, python3 or pip; unsupported systems, engine",
      "a check that takes every tool for present",
      { tried: LACKS.length, failed },
    );
    expect(found.flat()).toEqual([]);
  });

  it("is seen where tools are taken for present that are not", async () => {
    const blind = { missingTools: () => Promise.resolve([]), freeMegabytes: () => Promise.resolve(10_000) };

    expect(await lackProblems(LACKS[1] as Lack, blind)).not.toEqual([]);
  });

  it("has the tools of this machine itself, or says which it lacks", async () => {
    const missing = await missingTools({ environment: process.env });

    expect(missing.every((phrase) => /\(Debian, Ubuntu: .*; Fedora: .*; macOS: .*\)$/.test(phrase))).toBe(true);
  });
});
