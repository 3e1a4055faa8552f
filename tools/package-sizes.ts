// Prints how large each package is once installed, and how long it takes to load: `npm run sizes`.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { runCommand } from "./repository-copy.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Fresh processes in which a package is loaded; the fastest counts, for others waited for the machine. */
const LOADS = 7;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly packageManager: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const folders = ["packages", "apps"].flatMap((parent) =>
  readdirSync(join(root, parent)).map((name) => join(root, parent, name)),
);
const manifests = folders.map((folder) => readManifest(folder));
const directory = mkdtempSync(join(tmpdir(), "relatum-sizes-"));

try {
  await packAll();
  console.log(
    "| package | itself, unpacked | with all it needs | packages | processor time to load |\n|---|---|---|---|---|",
  );
  for (const manifest of manifests) console.log(await measure(manifest));
} finally {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

async function packAll(): Promise<void> {
  await runCommand(join(root, "node_modules", ".bin", "tsc"), ["-b"], { folder: root });
  const { packageManager } = readManifest(root);
  const filters = manifests.map(({ name }) => `--filter=${name}`);
  const words = ["--yes", "--prefer-offline", packageManager, "--recursive", ...filters, "pack"];
  await runCommand("npx", [...words, "--pack-destination", directory], { folder: root });
}

/** A row of the table: the package installed alone in a project of its own. */
async function measure(manifest: Manifest): Promise<string> {
  const project = join(directory, manifest.name.replace("@relatum/", ""));
  const ours = ownNames(manifest);
  const tarballs = Object.fromEntries(manifests.map((one) => [one.name, `file:${tarballOf(one)}`]));
  const wanted = Object.fromEntries(ours.map((name) => [name, tarballs[name]]));
  mkdirSync(project);
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: { ...wanted, ...peersOf(ours) },
      overrides: Object.fromEntries(ours.map((name) => [name, `$${name}`])),
    }),
  );
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  await runCommand("npm", ["install", ...flags], { folder: project });

  const modules = join(project, "node_modules");
  const all = sizeOf(modules);
  const milliseconds = await loadTime(manifest.name, project);
  const own = sizeOf(join(modules, manifest.name)).bytes;
  return `| \`${manifest.name}\` | ${format(own)} | ${format(all.bytes)} | ${all.packages} | ${milliseconds} ms |`;
}

/** The package and those of ours that it needs, at any depth. */
function ownNames({ name, dependencies = {} }: Manifest): string[] {
  const below = Object.keys(dependencies).flatMap((other) => {
    const found = manifests.find((manifest) => manifest.name === other);
    return found === undefined ? [] : ownNames(found);
  });
  return [...new Set([name, ...below])];
}

/** The peers that must be there, in the version that the repository uses. */
function peersOf(names: readonly string[]): Record<string, string> {
  const require = createRequire(import.meta.url);
  const peers = manifests
    .filter(({ name }) => names.includes(name))
    .flatMap(({ peerDependencies = {}, peerDependenciesMeta = {} }) =>
      Object.keys(peerDependencies).filter((peer) => peerDependenciesMeta[peer]?.optional !== true),
    );
  return Object.fromEntries(
    peers.map((peer) => [peer, readManifest(join(require.resolve(`${peer}/package.json`), "..")).version]),
  );
}

/** The milliseconds of processor time that a fresh process takes to import the package; the process itself not counted. */
async function loadTime(name: string, project: string): Promise<number> {
  const script = `
    const before = process.cpuUsage();
    await import(${JSON.stringify(name)});
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1000);`;
  writeFileSync(join(project, "load.js"), script);
  const times: number[] = [];
  for (let load = 0; load < LOADS; load += 1) {
    times.push(Number(await runCommand(process.execPath, ["load.js"], { folder: project })));
  }
  return Math.round(Math.min(...times));
}

function sizeOf(path: string): { readonly bytes: number; readonly packages: number } {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return { bytes: stats.size, packages: 0 };
  const names = readdirSync(path);
  const below = names.map((name) => sizeOf(join(path, name)));
  const isPackage = names.includes("package.json") && /node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path);
  return {
    bytes: below.reduce((sum, { bytes }) => sum + bytes, 0),
    packages: below.reduce((sum, { packages }) => sum + packages, isPackage ? 1 : 0),
  };
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Where pnpm puts a packed package. */
function tarballOf({ name, version }: Manifest): string {
  return join(directory, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
}

function format(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
