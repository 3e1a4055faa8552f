import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";

import {
  type CatalogEntry,
  type CatalogFile,
  DATASETS,
  type DatasetRole,
  type FileVersion,
} from "./catalog-entries.ts";
import { downloadFile } from "./download.ts";
import { DatasetFormatError } from "./format.ts";
import type { DatasetFormat } from "./load.ts";

/** How far {@link prepareDataset} has come with a file that it downloads. */
export interface PrepareProgress {
  readonly file: string;
  readonly receivedBytes: number;
  /** `undefined` where nobody says. */
  readonly totalBytes: number | undefined;
}

/** How {@link prepareDataset} gets the files. */
export interface PrepareOptions {
  /** A folder that may hold the files, anywhere within; searched first. */
  readonly directory?: string;
  /** The folder that downloads go to, and that is searched next. */
  readonly cache: string;
  /** Takes the place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  readonly onProgress?: (progress: PrepareProgress) => void;
  readonly signal?: AbortSignal;
  /** Longest wait for an answer and for the next bytes of a download, in seconds; 30 without it. */
  readonly stallTimeout?: number;
  /** Takes the place of the catalog. */
  readonly catalog?: readonly CatalogEntry[];
}

/** A data set whose files are there and are the right ones. */
export interface PreparedDataset {
  readonly name: string;
  /** What tables call it. */
  readonly title: string;
  readonly format: DatasetFormat;
  readonly licence: string;
  /** Paths of the files by what they are for; optional ones only where they were found. */
  readonly files: Readonly<Partial<Record<DatasetRole, string>>>;
}

/** Folders within folders that a search goes into. */
const SEARCH_DEPTH = 5;

/**
 * Finds the files of a named data set, or downloads them, and checks their size and SHA-256.
 *
 * A download that stops goes on where it stopped when it is asked for again, and stands under its name only once it is
 * complete and checked.
 *
 * @throws {RangeError} If the catalog has no data set of that name.
 * @throws {DatasetFormatError} If a file has other contents than the catalog knows.
 * @throws {Error} If a file cannot be had; the message says how to get it and where to put it.
 */
export async function prepareDataset(name: string, options: PrepareOptions): Promise<PreparedDataset> {
  const { catalog = DATASETS } = options;
  const entry = catalog.find((each) => each.name === name);
  if (entry === undefined) {
    throw new RangeError(`The data set must be one of ${catalog.map((each) => each.name).join(", ")}, got "${name}".`);
  }
  const files: Partial<Record<DatasetRole, string>> = {};
  for (const file of entry.files) {
    const path = await prepareFile(file, entry, options);
    if (path !== undefined) files[file.role] = path;
  }
  return { name, title: entry.title, format: entry.format, licence: entry.licence, files };
}

async function prepareFile(
  file: CatalogFile,
  entry: CatalogEntry,
  options: PrepareOptions,
): Promise<string | undefined> {
  // In the cache, a file of another version of the data set makes room for the right one.
  const passOver = (folder: string) => (error: unknown) => {
    if (folder !== options.directory && file.url !== undefined && error instanceof DatasetFormatError) return undefined;
    throw error;
  };
  for (const folder of [options.directory, options.cache]) {
    const found = folder === undefined ? undefined : await findFile(folder, file, entry).catch(passOver(folder));
    if (found !== undefined) return found;
  }
  if (file.url !== undefined) return fetchFile(file.url, file, options);
  if (file.optional === true) return undefined;
  const size = file.versions[0] === undefined ? "" : ` (${file.versions[0].bytes.toLocaleString("en")} bytes)`;
  const place = options.directory ?? options.cache;
  throw new Error(
    `${entry.title} needs ${file.path}${size}, which is not in ${place}. ${entry.instructions} ` +
      `Put it into ${place}, or name the folder that holds it with --data.`,
  );
}

/**
 * The path of a file in a folder: at its place in the catalog or the end of that, else anywhere by its name.
 *
 * A file of its name deeper down that has other contents is taken for the file of another data set; so is one of whose
 * contents nothing is known.
 */
async function findFile(folder: string, file: CatalogFile, entry: CatalogEntry): Promise<string | undefined> {
  const name = basename(file.path);
  const places = placesOf(file, entry).map((place) => join(folder, place));
  const named = await filesNamed(name, folder, SEARCH_DEPTH);
  const elsewhere = file.versions.length === 0 ? [] : named;
  let mismatch: DatasetFormatError | undefined;
  for (const path of new Set([...places.filter((place) => named.includes(place)), ...elsewhere])) {
    const problem = await contentProblem(path, file.versions);
    if (problem === undefined) return path;
    if (places.includes(path)) mismatch ??= new DatasetFormatError(path, `${problem} Remove it, or replace it.`);
  }
  if (mismatch !== undefined) throw mismatch;
  return undefined;
}

/** The ends of a file's path, the whole first, that no other file of the data set ends in: `a/b/c`, `b/c`, `c`. */
function placesOf({ path }: CatalogFile, { files }: CatalogEntry): string[] {
  const parts = path.split("/");
  const ends = parts.map((_, index) => parts.slice(index).join("/"));
  return ends.filter((end) => files.every((other) => other.path === path || !`/${other.path}`.endsWith(`/${end}`)));
}

async function filesNamed(name: string, folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const here = entries.some((entry) => entry.name === name && !entry.isDirectory()) ? [join(folder, name)] : [];
  if (depth === 0) return here;
  const folders = entries.filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name));
  const below = await Promise.all(folders.map((each) => filesNamed(name, join(folder, each.name), depth - 1)));
  return [...here, ...below.flat()];
}

/** What is wrong with the contents of a file; `undefined` if they are known, or nothing is known of them. */
async function contentProblem(path: string, versions: readonly FileVersion[]): Promise<string | undefined> {
  const [expected] = versions;
  if (expected === undefined) return undefined;
  const { size } = await stat(path);
  const sameSize = versions.filter(({ bytes }) => bytes === size);
  if (sameSize.length === 0) {
    const sizes = versions.map(({ bytes }) => bytes.toLocaleString("en")).join(" or ");
    return `must have ${sizes} bytes, got ${size.toLocaleString("en")}.`;
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const digest = hash.digest("hex");
  if (sameSize.some(({ sha256 }) => digest.startsWith(sha256))) return undefined;
  return `must have the SHA-256 ${sameSize.map(({ sha256 }) => sha256).join(" or ")}, got ${digest}.`;
}

async function fetchFile(url: string, file: CatalogFile, options: PrepareOptions): Promise<string> {
  const { cache, fetch, signal, stallTimeout, onProgress } = options;
  const target = join(cache, file.path);
  const sizes = file.versions.map(({ bytes }) => bytes);
  const problemOf = (path: string): Promise<string | undefined> => contentProblem(path, file.versions);
  const onBytes = (receivedBytes: number, totalBytes: number | undefined): void =>
    onProgress?.({ file: file.path, receivedBytes, totalBytes });
  const problem = await downloadFile(
    { url, target, sizes, problemOf },
    { ...(fetch && { fetch }), signal, stallTimeout, onBytes },
  );
  if (problem !== undefined) {
    const advice = "The download is thrown away; try again, or look whether the host has a newer version.";
    throw new DatasetFormatError(url, `${problem} ${advice}`);
  }
  return target;
}
