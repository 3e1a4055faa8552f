import { existsSync } from "node:fs";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CommandError, copyRepository, git, pathOf, removeCopy, runCommand } from "../tools/repository-copy.ts";
import { type LoopbackRegistry, startRegistry } from "./loopback-registry.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = join(root, "node_modules", ".bin", "tsc");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

const FOLDERS = ["atlop", "datasets", "encoders", "gain", "metrics", "pure", "tensor-utils"]
  .map((name) => join("packages", name))
  .concat(join("apps", "benchmark"));
const NAMES = FOLDERS.map((folder) => `@relatum/${folder.split("/").at(-1)}`);
const MANAGERS = ["npm", "pnpm"] as const;

let copy: string;
let registry: LoopbackRegistry;
let directory: string;
/** Why nothing can be published or installed; undefined if all can be. */
let obstacle: string | undefined;

/** Publishes everything, as the first release does. */
beforeAll(async () => {
  registry = await startRegistry();
  directory = await mkdtemp(join(tmpdir(), "relatum-install-"));
  copy = copyRepository();
  await Promise.all(FOLDERS.map(publishHere));
  await writeFile(join(directory, "npmrc"), await npmrc());
  await orObstacle(async () => {
    await run("pnpm", ["install", "--frozen-lockfile", "--prefer-offline"]);
    await run("tsc", ["-b"]);
    await release();
  });
});
afterAll(async () => {
  removeCopy(copy);
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  await registry.close();
});

describe("changeset publish", () => {
  it("publishes every package once", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);

    expect(registry.published.toSorted()).toEqual(NAMES.map((name) => `${name}@0.1.0`).toSorted());
    await publish();
    expect(registry.published).toHaveLength(NAMES.length);
  });
});

describe.each(MANAGERS)("a project of %s", (manager) => {
  it.for(NAMES)("installs %s alone, imports and requires it", async (name, { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const project = await createProject(manager, name);

    const installed = await orObstacle(() => install(project, manager, [name]));

    skip(!installed, obstacle);
    const { exports } = await readManifest(name);
    const entries = Object.keys(exports).filter((key) => key !== "./package.json");
    const modules = entries.map((key) => name + key.slice(1));
    await writeFile(join(project, "load.cjs"), loadScript(modules));
    expect(await runCommand(process.execPath, ["load.cjs"], { folder: project })).toBe(`${modules.join("\n")}\n`);
  });

  it.for(NAMES)(
    "runs the README's example of %s, by import and by require, checked under strict",
    async (name, { skip }) => {
      skip(obstacle !== undefined, obstacle);
      const readme = await readFile(join(folderOf(name), "README.md"), "utf8");
      const example = /```ts\n(.*?)```/s.exec(readme)?.[1];
      skip(example === undefined, "its README has no code");
      const project = await createProject(manager, name);
      const [, packages = ""] = /^npm install (.*)$/m.exec(readme) ?? [];
      const others = await Promise.all(["@types/node", "@tensorflow/tfjs-node-gpu"].map(withVersion));
      const names = [...packages.split(" "), ...others];
      const installed = await orObstacle(() => install(project, manager, names));
      skip(!installed, obstacle);

      const code = await withStandIn(example ?? "", project, name);
      await writeFile(join(project, "example.ts"), code);
      await runCommand(tsc, ["--project", "."], { folder: project });
      const compiled = await readFile(join(project, "example.js"), "utf8");
      await writeFile(join(project, "example.cjs"), toRequire(compiled));

      const expected = /console\.log\(.*\); \/\/ (.*)/.exec(code)?.[1];
      expect(await lastLine("example.js", project)).toBe(expected);
      expect(await lastLine("example.cjs", project)).toBe(expected);
    },
  );
});

describe("a change", () => {
  it("of gain moves gain alone", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const before = registry.published.length;

    await change("gain", "patch");
    await release();

    expect(registry.published.slice(before)).toEqual(["@relatum/gain@0.1.1"]);
  });

  it("of metrics that may break others moves who depends on it too", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const before = registry.published.length;

    await change("metrics", "minor");
    await release();

    expect(registry.published.slice(before).toSorted()).toEqual(["@relatum/benchmark@0.1.1", "@relatum/metrics@0.2.0"]);
  });
});

/** Names the registry in a package's own manifest too: whatever the user's settings, nothing is published elsewhere. */
async function publishHere(folder: string): Promise<void> {
  const path = join(copy, folder, "package.json");
  const manifest = JSON.parse(await readFile(path, "utf8")) as { publishConfig: object };
  const publishConfig = { ...manifest.publishConfig, registry: registry.url };
  await writeFile(path, `${JSON.stringify({ ...manifest, publishConfig }, null, 2)}\n`);
}

function run(command: string, words: readonly string[]): Promise<string> {
  const variables = {
    PATH: pathOf(copy),
    CI: "true",
    "npm_config_@relatum:registry": registry.url,
    npm_config_userconfig: join(directory, "npmrc"),
  };
  return runCommand(command, words, { folder: copy, variables });
}

/** Takes up the changesets, and publishes what has a new version. */
async function release(): Promise<void> {
  await run("changeset", ["version"]);
  git(copy, ["add", "-A"]);
  git(copy, ["commit", "-q", "-m", "release"]);
  await publish();
}

async function publish(): Promise<void> {
  await run("changeset", ["publish", "--no-git-tag"]);
}

/** The user's own settings, with our packages from the registry on this machine. */
async function npmrc(): Promise<string> {
  const own = join(process.env["HOME"] ?? "", ".npmrc");
  const settings = existsSync(own) ? await readFile(own, "utf8") : "";
  const place = registry.url.replace("http:", "");
  return `${settings}\n@relatum:registry=${registry.url}\n${place}:_authToken=anybody\n`;
}

/** Changes a package, as a pull request does. */
async function change(name: string, kind: "patch" | "minor"): Promise<void> {
  await appendFile(join(copy, "packages", name, "src", "index.ts"), "\n");
  await writeFile(join(copy, ".changeset", `${name}.md`), `---\n"@relatum/${name}": ${kind}\n---\n\nAnother line.\n`);
}

/** Does what may need packages from elsewhere; false, and said once, if they cannot be had. */
async function orObstacle(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof CommandError) || error.obstacle === undefined) throw error;
    obstacle = `packages are neither in the cache nor to be fetched (${error.obstacle})`;
    console.log(`Publishing and installing are not tested: ${obstacle}.`);
    return false;
  }
}

/** An empty project, in which our packages come from the registry on this machine. */
async function createProject(manager: string, name: string): Promise<string> {
  const project = await mkdtemp(join(directory, `${manager}-${name.split("/").at(-1)}-`));
  const compilerOptions = {
    strict: true,
    target: "es2023",
    lib: ["es2023"],
    module: "nodenext",
    types: ["node"],
    skipLibCheck: true,
  };
  const files: Record<string, string> = {
    "package.json": JSON.stringify({ name: "consumer", private: true, type: "module" }),
    "tsconfig.json": JSON.stringify({ compilerOptions, files: ["example.ts"] }),
    ".npmrc": `@relatum:registry=${registry.url}\n`,
    // What was published a minute ago is what is to be installed.
    "pnpm-workspace.yaml": "minimumReleaseAge: 0\npmOnFail: ignore\n",
  };
  for (const [file, text] of Object.entries(files)) await writeFile(join(project, file), text);
  return project;
}

async function install(project: string, manager: (typeof MANAGERS)[number], names: readonly string[]): Promise<void> {
  const variables = { PATH: pathOf(copy), npm_config_fetch_retries: "1" };
  const words =
    manager === "npm"
      ? ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", ...names]
      : ["add", "--prefer-offline", "--ignore-scripts", ...names];
  await runCommand(manager, words, { folder: project, variables });
}

function folderOf(name: string): string {
  return join(copy, FOLDERS[NAMES.indexOf(name)] as string);
}

async function readManifest(name: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folderOf(name), "package.json"), "utf8")) as Manifest;
}

/** Another's package in the version that the repository uses. */
async function withVersion(name: string): Promise<string> {
  const text = await readFile(join(root, "node_modules", name, "package.json"), "utf8");
  return `${name}@${(JSON.parse(text) as Manifest).version}`;
}

/** A script that names the modules that it can import and require as one. */
function loadScript(modules: readonly string[]): string {
  return `
    (async () => {
      for (const name of ${JSON.stringify(modules)}) {
        const required = require(name);
        if (required !== (await import(name))) throw new Error(name + " is loaded twice");
        if (Object.keys(required).length > 0) console.log(name);
      }
    })();`;
}

/** The example on the fastest engine, and with a tiny encoder in place of the pretrained one, which may be out of reach. */
async function withStandIn(example: string, project: string, name: string): Promise<string> {
  if (!example.includes('"all-MiniLM-L6-v2"')) return example;
  // The one example prints MiniLM's width and heads.
  const sizes = name === "@relatum/encoders" ? { hiddenSize: 384, heads: 12 } : { hiddenSize: 32, heads: 4 };
  await writeFile(join(project, "stand-in.mjs"), standIn(sizes));
  await runCommand(process.execPath, ["stand-in.mjs"], { folder: project });
  const code = example.replaceAll('"all-MiniLM-L6-v2"', JSON.stringify(join(project, "encoder")));
  return `import { useEngine } from "@relatum/tensor-utils/native";\nawait useEngine("auto");\n${code}`;
}

/** A script that saves an encoder for which each word is one token. */
const standIn = (sizes: object): string => `
import { BertEncoder, parseTokenizer, savePretrained } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";

const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "*", "marie", "moved", "from", "warsaw", "to", "paris", "."];
const unused = Array.from({ length: 99 }, (_, index) => "[unused" + (index + 1) + "]");
const vocabulary = [...words, ...unused];
const config = {
  family: "bert", vocabularySize: vocabulary.length, layers: 1, intermediateSize: 16, maxPositions: 512,
  typeVocabularySize: 2, dropout: 0.1, attentionDropout: 0.1, layerNormEpsilon: 1e-12, activation: "gelu", padId: 0,
  ...${JSON.stringify(sizes)},
};
const tokenizer = parseTokenizer(new Map([["vocab.txt", vocabulary.join("\\n")]]));
await savePretrained("encoder", new BertEncoder(config, createRandom(1)), tokenizer);
`;

/** The module as a script that requires what it imported. */
function toRequire(module: string): string {
  const body = module.replaceAll(/^import (.+) from ("[^"]+");.*$/gm, (_, names: string, from: string) =>
    names.startsWith("* as ")
      ? `const ${names.slice(5)} = require(${from});`
      : `const ${names.replaceAll(" as ", ": ")} = require(${from});`,
  );
  return `(async () => {\n${body}\n})();\n`;
}

async function lastLine(script: string, project: string): Promise<string | undefined> {
  const output = await runCommand(process.execPath, [script], { folder: project });
  return output.trimEnd().split("\n").at(-1);
}
