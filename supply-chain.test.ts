import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

const root = dirname(fileURLToPath(import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const files = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n");

type Table = Readonly<Record<string, string>>;

interface Manifest {
  readonly packageManager?: string;
  readonly scripts?: Table;
  readonly dependencies?: Table;
  readonly devDependencies?: Table;
  readonly peerDependencies?: Table;
}

const manifests = files
  .filter((path) => /(?:^|\/)package\.json$/.test(path))
  .map((path) => ({ path, manifest: JSON.parse(read(path)) as Manifest }));
const workspace = read("pnpm-workspace.yaml");
const lockfile = read("pnpm-lock.yaml");

const EXACT = /^\d+\.\d+\.\d+$/;

/** The `name: value` lines below a key of the workspace file. */
function entriesOf(key: string): [name: string, value: string][] {
  const block = new RegExp(`^${key}:\\n((?:  .*\\n)+)`, "m").exec(workspace)?.[1] ?? "";
  return block
    .trimEnd()
    .split("\n")
    .map((line) => /^ {2}"?([^":]+)"?: (.+)$/.exec(line)?.slice(1) as [string, string]);
}

describe("dependencies", () => {
  it("have one exact version each, in the catalog where several packages use them", () => {
    const catalog = entriesOf("catalog");
    const direct = manifests.flatMap(({ path, manifest }) =>
      Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).map(
        ([name, version]) => [`${path}: ${name}`, version] as const,
      ),
    );

    expect(catalog.length).toBeGreaterThan(10);
    expect(catalog.filter(([, version]) => !EXACT.test(version))).toEqual([]);
    // pnpm publishes "catalog:" as the exact version, and our own packages as a range: they are released together.
    expect(
      direct.filter(([, version]) => !/^(?:catalog:|workspace:\^)$/.test(version) && !EXACT.test(version)),
    ).toEqual([]);
  });

  it("that a user's project shares with ours are ranges, but for the one that our binding is compiled from", () => {
    const peers = manifests.flatMap(({ manifest }) => Object.entries(manifest.peerDependencies ?? {}));

    const isRight = ([name, range]: [string, string]): boolean =>
      name.startsWith("@tensorflow/tfjs-node") ? EXACT.test(range) : /^\^\d+\.\d+\.\d+$/.test(range);
    expect(peers.length).toBeGreaterThan(0);
    expect(peers.filter((peer) => !isRight(peer))).toEqual([]);
  });

  it("of the Python programs that speed is measured against have exact versions too", () => {
    const lists = files.filter((path) => /requirements.*\.txt$/.test(path));
    const lines = lists.flatMap((path) => read(path).trim().split("\n"));

    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !/^[\w-]+==\d+(?:\.\d+)+$/.test(line))).toEqual([]);
  });

  it("are all known by their hash, and come from a registry alone", () => {
    const resolutions = lockfile.match(/^ +resolution: .*$/gm) ?? [];

    expect(resolutions.length).toBeGreaterThan(300);
    expect(resolutions.filter((line) => !/^ +resolution: \{integrity: sha512-[\w+/=]+\}$/.test(line))).toEqual([]);
  });

  it("are installed as the lockfile says, by an exact version of pnpm", () => {
    const { packageManager } = manifests.find(({ path }) => path === "package.json")?.manifest ?? {};

    expect(packageManager).toMatch(/^pnpm@\d+\.\d+\.\d+$/);
    expect(read("tools/bootstrap.mjs")).toContain('"--frozen-lockfile"');
  });
});

describe("install scripts", () => {
  it("of dependencies are off, each one that has any", () => {
    const builds = entriesOf("allowBuilds");

    expect(builds.length).toBeGreaterThan(0);
    expect(builds.filter(([, allowed]) => allowed !== "false")).toEqual([]);
    expect(workspace).not.toMatch(/^(?:onlyBuiltDependencies|dangerouslyAllowAllBuilds|neverBuiltDependencies):/m);
  });

  it("are in none of our packages", () => {
    const hooks = ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];
    const found = manifests.flatMap(({ path, manifest }) =>
      hooks.filter((hook) => manifest.scripts?.[hook] !== undefined).map((hook) => `${path}: ${hook}`),
    );

    expect(found).toEqual([]);
  });

  it("are off too in what we tell people to type for the native engine", () => {
    const told = files
      .filter((path) => /\.(?:md|ts|mjs)$/.test(path) && !path.endsWith(".test.ts"))
      .flatMap((path) => read(path).match(/npm (?:install|i) [^`"\n]*@tensorflow\/tfjs-node[^`"\n]*/g) ?? []);

    expect(told.length).toBeGreaterThan(0);
    expect(told.filter((line) => !line.includes("--ignore-scripts"))).toEqual([]);
  });
});

describe("secrets", () => {
  it("are in no file that npm or pip reads", () => {
    expect(files.filter((path) => /(?:^|\/)(?:\.npmrc|\.pypirc|pip\.conf|\.env(?:\..*)?|\.netrc)$/.test(path))).toEqual(
      [],
    );
  });

  it("are read by the encoders' hub alone, in one file", () => {
    const readers = files
      .filter((path) => /^(?:packages|apps)\/.*\/src\/.*\.ts$/.test(path) && !/\.test\.ts$|__fixtures__/.test(path))
      .filter((path) => /\bHF_TOKEN(?:_PATH)?"\]/.test(read(path)));

    expect(readers).toEqual(["packages/encoders/src/hub/hub-settings.ts"]);
  });

  it("are handed to the workflow that publishes alone", () => {
    const workflows = files.filter((path) => path.startsWith(".github/workflows/"));
    const withSecrets = workflows.filter((path) => /\$\{\{ *secrets\./.test(read(path)));

    expect(withSecrets).toEqual([".github/workflows/release.yml"]);
    expect(workflows.filter((path) => read(path).includes("pull_request_target"))).toEqual([]);
  });
});
