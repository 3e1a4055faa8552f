/* oxlint-disable vitest/valid-title, vitest/no-disabled-tests, vitest/expect-expect -- declares suites for the test files */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import * as tf from "@tensorflow/tfjs";
import { describe, it } from "vitest";

/** A tensor of a golden case, as plain numbers. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly values: Float32Array | Int32Array;
}

/** One case of reference values: settings, and tensors such as `weight/…`, `input/…`, `output/…`, `grad/…`. */
export interface GoldenCase {
  readonly name: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
}

/**
 * The folder with the reference cases: what `RELATUM_GOLDEN` names, else `shared/golden` beside the repository.
 *
 * @returns Undefined if it is not there.
 * @throws {Error} If `RELATUM_GOLDEN` names no folder.
 */
export function goldenFolder(): string | undefined {
  const named = process.env["RELATUM_GOLDEN"];
  if (named !== undefined && !existsSync(named)) throw new Error(`RELATUM_GOLDEN must name a folder, got "${named}".`);
  const folder = named ?? fileURLToPath(new URL("../../shared/golden", import.meta.url));
  return existsSync(folder) ? folder : undefined;
}

/**
 * The paths, without extension, of the cases in a sub-folder.
 *
 * @param pattern What the name, without extension, must match: `/^bert_\d+$/`.
 * @param folder Where to look instead of {@link goldenFolder}, for example a folder of fixtures.
 */
export function goldenCases(subfolder: string, pattern: RegExp, folder: string | undefined = goldenFolder()): string[] {
  const place = join(folder ?? "", subfolder);
  if (folder === undefined || !existsSync(place)) return [];
  const names = readdirSync(place)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -5));
  return names
    .filter((name) => pattern.test(name))
    .toSorted()
    .map((name) => join(place, name));
}

/** Reads a case by its path without extension; tensors are empty where it has none. */
export function loadGolden(path: string): GoldenCase {
  const json = JSON.parse(readFileSync(`${path}.json`, "utf8")) as GoldenCase["json"];
  const file = `${path}.safetensors`;
  const tensors = existsSync(file) ? readTensors(readFileSync(file)) : new Map<string, GoldenTensor>();
  return { name: path.replaceAll("\\", "/").split("/").slice(-2).join("/"), json, tensors };
}

/**
 * Declares a test suite for each case that is there; one skipped test, which says why, if there is none.
 *
 * @param fallback Folder with copies of a few cases, laid out as the golden folder, for where that is absent.
 */
export function describeGolden(
  subfolder: string,
  pattern: RegExp,
  suite: (golden: GoldenCase) => void,
  fallback?: string,
): void {
  const paths = goldenCases(subfolder, pattern, goldenFolder() ?? fallback);
  if (paths.length === 0) skipSuite(`${subfolder}/${pattern.source}`);
  for (const path of paths) {
    const golden = loadGolden(path);
    describe(golden.name, () => {
      suite(golden);
    });
  }
}

function skipSuite(name: string): void {
  const folder = goldenFolder();
  const reason = folder === undefined ? "RELATUM_GOLDEN is not set" : `no such case in ${folder}`;
  process.stderr.write(`Skipped parity cases ${name}: ${reason}.\n`);
  describe.skip(name, () => {
    it(`is skipped: ${reason}`, () => undefined);
  });
}

/**
 * The named tensor of a case.
 *
 * @throws {RangeError} If the case has no such tensor.
 */
export function goldenTensor(golden: GoldenCase, name: string): GoldenTensor {
  const tensor = golden.tensors.get(name);
  if (tensor === undefined) throw new RangeError(`${golden.name} must hold a tensor "${name}".`);
  return tensor;
}

/** A tensor of the engine with the values of a golden one; the caller frees it. */
export function toTensor({ values, shape, dtype }: GoldenTensor): tf.Tensor {
  return tf.tensor(values, [...shape], dtype);
}

/** The tensors whose name starts with a prefix, by the rest of their names: `weight/`. */
export function goldenTensorsUnder(golden: GoldenCase, prefix: string): Map<string, GoldenTensor> {
  const found = [...golden.tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** The largest distance between values; infinite if shapes differ or a value is not a number. */
export function largestDifference(actual: tf.Tensor, expected: tf.Tensor | GoldenTensor): number {
  if (!tf.util.arraysEqual(actual.shape, [...expected.shape])) return Infinity;
  const values = actual.dataSync();
  const others = expected instanceof tf.Tensor ? expected.dataSync() : expected.values;
  let largest = 0;
  for (const [index, other] of others.entries()) {
    const difference = Math.abs((values[index] as number) - other);
    if (Number.isNaN(difference)) return Infinity;
    largest = Math.max(largest, difference);
  }
  return largest;
}

function readTensors(bytes: Buffer): Map<string, GoldenTensor> {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start)) as Record<string, RawTensor>;
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return new Map(entries.map(([name, raw]) => [name, readTensor(name, raw, bytes.subarray(start))]));
}

function readTensor(name: string, { dtype, shape, data_offsets: [from, to] }: RawTensor, bytes: Buffer): GoldenTensor {
  // A copy, since the numbers must be aligned.
  const data = new Uint8Array(bytes.subarray(from, to)).buffer;
  if (dtype === "F32") return { shape, dtype: "float32", values: new Float32Array(data) };
  if (dtype === "I32") return { shape, dtype: "int32", values: new Int32Array(data) };
  throw new RangeError(`${name} must be F32 or I32, got ${dtype}.`);
}

interface RawTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [from: number, to: number];
}
