import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { AtlopExtractor, AtlopModel, defineAtlopConfig } from "@relatum/atlop";
import { type EntityRelation, parseDocred } from "@relatum/datasets";
import { BertEncoder, parseTokenizer, savePretrained } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const tools = join(root, "node_modules", ".bin");
const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));

/** What npm and pnpm say where a package is neither in their cache nor to be fetched. */
const OUT_OF_REACH =
  /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|NO_OFFLINE/;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly packageManager: string;
}

const folders = (await Promise.all(["packages", "apps"].map(listPackages))).flat();
const manifests = (await Promise.all(folders.map((folder) => readJson(join(folder, "package.json"))))) as Manifest[];
/** What can be imported: `@relatum/atlop`, `@relatum/atlop/benchmark`, … */
const entryPoints = manifests.flatMap(({ name, exports }) =>
  Object.keys(exports)
    .filter((key) => key !== "./package.json")
    .map((key) => name + key.slice(1)),
);

let directory: string;
let project: string;
/** Why there is no project; undefined if there is one. */
let obstacle: string | undefined;

/** Packs what is built, and installs it in a project that knows nothing of the repository. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "relatum-consumer-"));
  project = join(directory, "project");
  await run(join(tools, "tsc"), ["-b"], root);
  try {
    await packAll();
    await createProject();
  } catch (error) {
    const [code] = OUT_OF_REACH.exec((error as Error).message) ?? [];
    if (code === undefined) throw error;
    obstacle = `packages are neither in npm's cache nor to be fetched (${code})`;
    console.log(`Tests in a consumer's project are skipped: ${obstacle}.`);
  }
}, 180_000);

afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }), 120_000);

describe("a packed package", () => {
  it.for(manifests)("$name passes publint", async (manifest, { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const { buffer } = new Uint8Array(await readFile(tarballOf(manifest)));

    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });

    expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([]);
  });

  it.for(manifests)("$name has types for every entry point, imported and required", async (manifest, { skip }) => {
    skip(obstacle !== undefined, obstacle);
    const tarball = createPackageFromTarballData(new Uint8Array(await readFile(tarballOf(manifest))));

    const analysis = await checkPackage(tarball);

    // Node loads an ES module by require(); TypeScript knows that under `nodenext` alone, and `node10` knows no exports.
    const problems = (analysis.types === false ? [] : analysis.problems).filter(
      (problem) =>
        problem.kind !== "CJSResolvesToESM" && !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    );
    expect(analysis.types).not.toBe(false);
    expect(problems).toEqual([]);
  });
});

describe("a consumer's project", () => {
  it("finds with the README's lines what the repository's code finds", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    await writeFile(join(project, "extract.ts"), await readExample());
    await writeJson("documents.json", DOCUMENTS);
    await writeConfig(["extract.ts"]);
    const expected = await saveModel(join(project, "model"));
    await run(join(tools, "tsc"), ["--project", "."], project);

    const output = await run(process.execPath, ["extract.js"], project);

    const lines = output.trimEnd().split("\n");
    const printed = lines.map((line) => /^(.+) (-?\d+\.\d\d)$/.exec(line) ?? [line]);
    expect(expected.length).toBeGreaterThan(0);
    expect(printed.map(([, text]) => text)).toEqual(
      expected.map(({ documentId, head, relation, tail }) => `${documentId} ${head} ${relation} ${tail}`),
    );
    // Two decimals are printed, and the engines differ in the last digits of float32.
    for (const [index, { score }] of expected.entries())
      expect(Math.abs(Number(printed[index]?.[2]) - score)).toBeLessThan(0.006);
  });

  it("compiles the examples of the packages' READMEs", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const readmes = folders.map((folder) => join(folder, "README.md")).filter((path) => existsSync(path));
    const texts = await Promise.all(readmes.map((path) => readFile(path, "utf8")));
    const examples = texts.flatMap((text) => /```ts\n(.*?)```/s.exec(text)?.[1] ?? []);
    const names = examples.map((_, index) => `example-${index}.ts`);
    for (const [index, name] of names.entries()) await writeFile(join(project, name), examples[index] as string);
    await writeConfig(names);

    const faults = await run(join(tools, "tsc"), ["--project", ".", "--noEmit"], project).catch(outputOf);

    expect(examples.length).toBeGreaterThan(0);
    expect(faults).toBe("");
  });

  it("imports and requires every entry point, as one module", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const script = `
      const names = ${JSON.stringify(entryPoints)};
      (async () => {
        for (const name of names) {
          const required = require(name);
          if (required !== (await import(name))) throw new Error(name + " is loaded twice");
          console.log(name, Object.keys(required).length > 0);
        }
      })();`;
    await writeFile(join(project, "load.cjs"), script);

    const output = await run(process.execPath, ["load.cjs"], project);

    expect(output.trimEnd().split("\n")).toEqual(entryPoints.map((name) => `${name} true`));
  });

  it("finds no fault in the packages' declarations", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const text = entryPoints.map((name, index) => `export * as entry${index} from "${name}";\n`).join("");
    await writeFile(join(project, "declarations.ts"), text);
    const flags = ["--project", ".", "--noEmit", "--skipLibCheck", "false"];
    await writeConfig(["declarations.ts"]);

    const output = await run(join(tools, "tsc"), flags, project).catch(outputOf);

    // The declarations of tfjs have faults of their own, and ask for a browser's.
    const faults = output.split("\n").filter((line) => /^\S/.test(line));
    expect(faults.filter((line) => !/^node_modules\/@(?!relatum\/)/.test(line))).toEqual([]);
  });

  it("runs the commands", async ({ skip }) => {
    skip(obstacle !== undefined, obstacle);
    const commands = join(project, "node_modules", ".bin");

    const outputs = await Promise.all(
      ["relatum-native", "relatum-bench"].map((name) => run(join(commands, name), ["--help"], project)),
    );

    expect(outputs).toEqual([
      expect.stringMatching(/^Usage: relatum-native /),
      expect.stringMatching(/^Usage: relatum-bench /),
    ]);
  });
});

/** The folders of packages below a folder of the repository. */
async function listPackages(parent: string): Promise<string[]> {
  const names = await readdir(join(root, parent));
  return names.map((name) => join(root, parent, name)).filter((path) => existsSync(join(path, "package.json")));
}

async function packAll(): Promise<void> {
  const { packageManager } = (await readJson(join(root, "package.json"))) as Manifest;
  const filters = manifests.map(({ name }) => `--filter=${name}`);
  const pack = ["pack", "--pack-destination", directory];
  await npm("npx", ["--yes", "--prefer-offline", packageManager, "--recursive", ...filters, ...pack], root);
}

/** Where pnpm puts a packed package. */
function tarballOf({ name, version }: Manifest): string {
  return join(directory, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
}

async function createProject(): Promise<void> {
  const outside = ["@tensorflow/tfjs", "@tensorflow/tfjs-node-gpu", "@types/node"].map(installedVersion);
  const dependencies = Object.fromEntries([
    ...manifests.map((manifest) => [manifest.name, `file:${tarballOf(manifest)}`]),
    ...(await Promise.all(outside)),
  ]);
  // Without these npm looks for the packages' own dependencies on each other in the registry too.
  const overrides = Object.fromEntries(manifests.map(({ name }) => [name, `$${name}`]));
  await mkdir(project);
  await writeJson("package.json", { name: "consumer", private: true, type: "module", dependencies, overrides });
  await npm("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"], project);
}

/** What TypeScript compiles in the project from now on. */
async function writeConfig(files: readonly string[]): Promise<void> {
  const compilerOptions = {
    strict: true,
    target: "es2023",
    lib: ["es2023"],
    module: "nodenext",
    types: ["node"],
    skipLibCheck: true,
  };
  await writeJson("tsconfig.json", { compilerOptions, files });
}

/** Writes a file of the project. */
async function writeJson(name: string, value: unknown): Promise<void> {
  await writeFile(join(project, name), JSON.stringify(value));
}

/** The version of another's package that the repository uses. */
async function installedVersion(name: string): Promise<readonly [name: string, version: string]> {
  const require = createRequire(import.meta.url);
  const { version } = (await readJson(require.resolve(`${name}/package.json`))) as Manifest;
  return [name, version];
}

/** Runs npm, or what npm brings, in a folder. */
async function npm(command: "npm" | "npx", words: readonly string[], folder: string): Promise<void> {
  // npm tells the scripts that it runs which project they are of, and would take that for this one.
  await run(command, words, folder, { npm_config_local_prefix: folder, npm_config_fetch_retries: "1" });
}

/** Runs a command in a folder, and gives back what it prints. */
async function run(
  command: string,
  words: readonly string[],
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { cwd: folder, env: { ...process.env, ...variables }, maxBuffer: 2 ** 26 };
  return new Promise((resolve, reject) => {
    execFile(command, words, options, (error, output, complaint) => {
      if (error === null) resolve(output);
      else reject(new CommandError([command, ...words].join(" "), output, complaint));
    });
  });
}

/** What a command that failed has printed. */
function outputOf(error: unknown): string {
  if (!(error instanceof CommandError)) throw error;
  return error.output;
}

/** A command that has failed. */
class CommandError extends Error {
  override readonly name = "CommandError";
  readonly output: string;

  constructor(command: string, output: string, complaint: string) {
    super(`${command} must succeed, got:\n${output}${complaint}`);
    this.output = output;
  }
}

/** The code of the README that a consumer starts from. */
async function readExample(): Promise<string> {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const example = /<!-- example: extract\.ts -->\s*```ts\n(.*?)```/s.exec(readme)?.[1];
  if (example === undefined) throw new Error("README.md must hold the example extract.ts, got none.");
  return example;
}

/** Saves a small ATLOP with random weights, and gives the relations that it finds in the documents. */
async function saveModel(path: string): Promise<readonly EntityRelation[]> {
  const words = DOCUMENTS.flatMap(({ sents }) => sents.flat()).map((word) => word.toLowerCase());
  const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "*", "##s", ...new Set(words)];
  const tokenizer = parseTokenizer(new Map([["vocab.txt", vocabulary.join("\n")]]));
  const encoder = new BertEncoder({ ...TINY_BERT, vocabularySize: vocabulary.length }, createRandom(1));
  const backbone = { encoder, tokenizer, save: (to: string) => savePretrained(to, encoder, tokenizer) };
  const config = defineAtlopConfig({ relations: ["visits", "founded", "lies in"], pairSize: 16, blockSize: 4 });
  const extractor = new AtlopExtractor(new AtlopModel(config, backbone, createRandom(2)), backbone, config);
  try {
    await extractor.save(path);
    return (await extractor.extract(parseDocred(DOCUMENTS))).relations;
  } finally {
    extractor.dispose();
  }
}

const TINY_BERT = {
  family: "bert",
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  intermediateSize: 64,
  maxPositions: 64,
  typeVocabularySize: 2,
  dropout: 0.1,
  attentionDropout: 0.1,
  layerNormEpsilon: 1e-12,
  activation: "gelu",
  padId: 0,
} as const;

/** Unlabelled text in DocRED's form. */
const DOCUMENTS = [
  {
    title: "Mira Tolen",
    sents: [
      ["Mira", "Tolen", "founded", "the", "Ostrel", "Guild", "."],
      ["The", "guild", "lies", "in", "Varnholm", "."],
    ],
    vertexSet: [
      [{ name: "Mira Tolen", type: "PER", sent_id: 0, pos: [0, 2] }],
      [
        { name: "Ostrel Guild", type: "ORG", sent_id: 0, pos: [4, 6] },
        { name: "guild", type: "ORG", sent_id: 1, pos: [1, 2] },
      ],
      [{ name: "Varnholm", type: "LOC", sent_id: 1, pos: [4, 5] }],
    ],
  },
  {
    title: "Eske",
    sents: [["Jon", "Arvid", "visits", "Eske", "."]],
    vertexSet: [
      [{ name: "Jon Arvid", type: "PER", sent_id: 0, pos: [0, 2] }],
      [{ name: "Eske", type: "LOC", sent_id: 0, pos: [3, 4] }],
    ],
  },
];
