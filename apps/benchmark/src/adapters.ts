import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { z } from "zod";

import type { PaperAdapter, PublishedResult, ReferenceResult } from "./adapter.ts";
import { type Claim, claimsShape, experimentsOf } from "./claims/claim.ts";
import { type Experiment, loadExperiment } from "./experiment.ts";
import { figuresShape, type PaperFigure } from "./figures/figure.ts";

/** Condition under which packages export their TypeScript sources. */
const SOURCE_CONDITION = "@relatum/source";

/** A module or package that does not hold a usable adapter. */
export class AdapterError extends Error {
  override readonly name = "AdapterError";
}

/** Where to look for papers. */
export interface AdapterPlaces {
  /** Directories from which `node_modules` and workspaces are searched, upwards. */
  readonly from: readonly string[];
  /** Modules named by the user: a path, or a package's name. */
  readonly modules: readonly string[];
}

const packageShape = z.object({ name: z.string(), exports: z.looseObject({ "./benchmark": z.unknown() }) });
const targetShape: z.ZodType<Record<string, string>> = z.record(z.string(), z.string());

/**
 * Finds the adapters of the papers that are there: those named, and those of the packages that export `./benchmark`.
 *
 * Packages are found as `node_modules/@relatum/*` and, in a pnpm workspace, as `packages/*`.
 *
 * @param paper The one that is needed; others may then be left out.
 * @throws {AdapterError} If a module cannot be loaded, holds no `adapter`, or two modules have one name.
 */
export async function findAdapters({ from, modules }: AdapterPlaces, paper?: string): Promise<PaperAdapter[]> {
  const named = await Promise.all(modules.map((module) => importAdapter(resolveModule(module))));
  const names = named.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) throw new AdapterError(`Adapters must have different names, got "${repeated}" twice.`);
  if (paper !== undefined && names.includes(paper)) return named;

  const packages = await findPackages(from);
  const wanted = [...packages].filter(([name]) => name === `@relatum/${paper}`);
  const installed = await Promise.all(
    (wanted.length > 0 ? wanted : [...packages]).map(([, module]) => importAdapter(module)),
  );
  return [...named, ...installed.filter(({ name }) => !names.includes(name))];
}

/** The places of {@link findAdapters} for this program: the working directory and its own. */
export function defaultPlaces(modules: readonly string[] = []): AdapterPlaces {
  return { from: [process.cwd(), dirname(fileURLToPath(import.meta.url))], modules };
}

/**
 * Picks the adapter of a name.
 *
 * @throws {AdapterError} If there is none; the message lists those there are.
 */
export function pickAdapter(adapters: readonly PaperAdapter[], name: string): PaperAdapter {
  const adapter = adapters.find((candidate) => candidate.name === name);
  if (adapter !== undefined) return adapter;
  const names = adapters.map((candidate) => candidate.name).join(", ") || "none";
  throw new AdapterError(`paper must be one of those installed (${names}), got "${name}".`);
}

/**
 * Reads a paper's experiments, in order of their file names.
 *
 * @throws {ExperimentError} If one of the files is no experiment.
 */
export async function loadExperiments(adapter: Pick<PaperAdapter, "directory">): Promise<Experiment[]> {
  const directory = fileURLToPath(new URL("experiments/", adapter.directory));
  if (!existsSync(directory)) return [];
  const files = (await readdir(directory)).filter((name) => name.endsWith(".json")).toSorted();
  return Promise.all(files.map((name) => loadExperiment(join(directory, name))));
}

const settingShape = {
  variant: z.string(),
  dataset: z.string(),
  split: z.enum(["train", "development", "test"]),
  encoder: z.string(),
  metric: z.string(),
};

const publishedShape: z.ZodType<PublishedResult[]> = z.array(
  z.strictObject({ ...settingShape, value: z.number(), deviation: z.number().optional(), source: z.string() }),
);

const referenceShape: z.ZodType<ReferenceResult[]> = z.array(
  z
    .strictObject({ ...settingShape, values: z.array(z.number()).min(1), seeds: z.array(z.int()), recipe: z.string() })
    .refine(({ values, seeds }) => values.length === seeds.length, "values must be as many as seeds"),
);

/**
 * Reads the numbers that a paper printed; none where the package has no `published.json`.
 *
 * @throws {AdapterError} If the file has another form.
 */
export function loadPublished(adapter: PaperAdapter): Promise<PublishedResult[]> {
  return loadList(new URL("published.json", adapter.directory), publishedShape, "published results");
}

/**
 * Reads what the authors' code reaches; nothing where the package has no `reference.json`.
 *
 * @throws {AdapterError} If the file has another form.
 */
export function loadReference(adapter: PaperAdapter): Promise<ReferenceResult[]> {
  return loadList(new URL("reference.json", adapter.directory), referenceShape, "reference results");
}

/**
 * Reads a paper's claims; none where the package has no `claims.json`.
 *
 * @throws {AdapterError} If the file has another form, or names an experiment that the paper does not have.
 */
export async function loadClaims(adapter: Pick<PaperAdapter, "directory">): Promise<Claim[]> {
  const file = new URL("claims.json", adapter.directory);
  const claims = await loadList(file, claimsShape, "claims");
  const named = claims.map(({ id, measures }) => ({ place: id, experiments: measures.flatMap(experimentsOf) }));
  await requireExperiments(file, named, adapter);
  return claims;
}

/**
 * Reads which of a paper's figures are drawn from runs; none where the package has no `figures.json`.
 *
 * @throws {AdapterError} If the file has another form, or names an experiment that the paper does not have.
 */
export async function loadFigures(adapter: Pick<PaperAdapter, "directory">): Promise<PaperFigure[]> {
  const file = new URL("figures.json", adapter.directory);
  const figures = await loadList(file, figuresShape, "figures");
  const named = figures.map(({ source, series }) => {
    return { place: source, experiments: series.flatMap(({ points }) => points.map(({ experiment }) => experiment)) };
  });
  await requireExperiments(file, named, adapter);
  return figures;
}

async function requireExperiments(
  file: URL,
  named: readonly { readonly place: string; readonly experiments: readonly string[] }[],
  adapter: Pick<PaperAdapter, "directory">,
): Promise<void> {
  if (named.length === 0) return;
  const names = (await loadExperiments(adapter)).map(({ name }) => name);
  const unknown = named.flatMap(({ place, experiments }) =>
    experiments.flatMap((name) => (names.includes(name) ? [] : [`${place}: "${name}"`])),
  );
  if (unknown.length === 0) return;
  const problem = `must name experiments of the paper, got others:\n  ${[...new Set(unknown)].join("\n  ")}`;
  throw new AdapterError(`${fileURLToPath(file)} ${problem}`);
}

async function loadList<Entry>(file: URL, shape: z.ZodType<Entry[]>, what: string): Promise<Entry[]> {
  const path = fileURLToPath(file);
  if (!existsSync(path)) return [];
  const checked = shape.safeParse(await readJson(path));
  if (checked.success) return checked.data;
  throw new AdapterError(`${path} must list ${what}:\n${z.prettifyError(checked.error)}`);
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AdapterError(`${path} must hold JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Packages that export `./benchmark`, by name: the module's file. */
async function findPackages(from: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const directory of new Set(from.flatMap(ancestors))) {
    const parents = [join(directory, "node_modules", "@relatum")];
    if (existsSync(join(directory, "pnpm-workspace.yaml"))) parents.push(join(directory, "packages"));
    for (const parent of parents.filter((path) => existsSync(path))) {
      for (const name of (await readdir(parent)).toSorted()) {
        const adapter = await readPackage(join(parent, name));
        if (adapter !== undefined && !found.has(adapter.name)) found.set(adapter.name, adapter.module);
      }
    }
  }
  return found;
}

async function readPackage(directory: string): Promise<{ name: string; module: string } | undefined> {
  const file = join(directory, "package.json");
  if (!existsSync(file)) return undefined;
  const content = packageShape.safeParse(await readJson(file));
  if (!content.success) return undefined;
  const targets = targetShape.safeParse(content.data.exports["./benchmark"]);
  if (!targets.success) return undefined;
  // Sources run sources: a program that was built must not load TypeScript.
  const fromSource = import.meta.url.endsWith(".ts");
  const target = (fromSource ? targets.data[SOURCE_CONDITION] : undefined) ?? targets.data["default"];
  return target === undefined ? undefined : { name: content.data.name, module: join(directory, target) };
}

function ancestors(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...ancestors(parent)];
}

function resolveModule(module: string): string {
  if (isAbsolute(module) || existsSync(resolve(module))) return resolve(module);
  try {
    const require = createRequire(join(process.cwd(), "package.json"));
    return require.resolve(module);
  } catch (cause) {
    throw new AdapterError(`adapter must be a file or an installed module, got "${module}".`, { cause });
  }
}

async function importAdapter(path: string): Promise<PaperAdapter> {
  let module: { readonly adapter?: PaperAdapter };
  try {
    module = (await import(pathToFileURL(path).href)) as typeof module;
  } catch (cause) {
    throw new AdapterError(`${path} could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  if (typeof module.adapter?.train === "function" && typeof module.adapter.load === "function") return module.adapter;
  throw new AdapterError(`${path} must export an adapter, got ${Object.keys(module).join(", ") || "nothing"}.`);
}
