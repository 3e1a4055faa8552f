import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import * as tf from "@tensorflow/tfjs";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";

import { isInstalled, libraryDirectory } from "./cache.ts";
import { findTfjsNode } from "./tfjs-node.ts";
import { useEngine } from "./use-engine.ts";

type EngineName = Parameters<typeof useEngine>[0];

const provisioned = isInstalled("cpu");
if (!provisioned) console.log("Skipped: TensorFlow's library is not installed; run relatum-native install.");

afterAll(async () => {
  await useEngine((process.env["RELATUM_ENGINE"] ?? "auto") as EngineName);
});

/** A cache that holds nothing, or the library of this machine under another name. */
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "relatum-engine-"));
});
afterEach(() => rmSync(cache, { recursive: true }));

/** Chooses engines one after the other in a new process; gives back what each call said, and the error stream. */
function chooseElsewhere(names: readonly EngineName[]): { outcomes: string[]; errors: string } {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const script = `
    const { useEngine } = await import(${JSON.stringify(new URL("use-engine.ts", import.meta.url).href)});
    for (const name of ${JSON.stringify(names)}) {
      const said = await useEngine(name).then(({ engine, notice }) => engine + " | " + notice, (error) => error.name + " | " + error.message);
      console.log(said);
    }`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", loader, "--input-type=module", "-e", script], {
    encoding: "utf8",
    env: { ...process.env, RELATUM_CACHE: cache, NODE_OPTIONS: "" },
  });
  return { outcomes: stdout.trimEnd().split("\n"), errors: stderr };
}

/** Puts this machine's CPU library where the library of the given kind is looked for. */
function pretendInstalled(library: "cpu" | "gpu"): void {
  mkdirSync(cache, { recursive: true });
  symlinkSync(libraryDirectory("cpu"), libraryDirectory(library, { RELATUM_CACHE: cache }));
}

/** Every file of a folder with its size and time of change. */
function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => ({ name, entry: statSync(join(folder, name)) }))
    .map(({ name, entry }) => `${name} ${entry.size} ${entry.mtimeMs}`)
    .toSorted();
}

describe("useEngine", () => {
  it.each<EngineName>(provisioned ? ["native", "wasm", "cpu", "auto"] : ["wasm", "cpu", "auto"])(
    "computes products and gradients of gathered rows on %s",
    async (name) => {
      const { engine, notice } = await useEngine(name);

      const product = tf.matMul([[1, 2]], [[3], [4]]);
      const rows = tf.tensor1d([1, 0, 1], "int32");
      const weights = tf.tensor2d([
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
      const gradient = tf.grad((table) => tf.gather(table, rows).mul(weights).sum())(tf.zeros([3, 2]));

      expect(await product.data()).toEqual(Float32Array.of(11));
      // Row 1 is gathered first and last: [1, 2] + [5, 6].
      expect([...(await gradient.data())]).toEqual([3, 4, 6, 8, 0, 0]);
      expect(name === "auto" || engine === name).toBe(true);
      expect(notice).toMatch(/^Engine: .+\.$/);
      tf.dispose([product, rows, weights, gradient]);
    },
  );

  it("trains on WebAssembly", async () => {
    await useEngine("wasm");
    const table = tf.variable(
      tf.tensor2d([
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
    );
    const rows = tf.tensor1d([0, 2, 2], "int32");
    const optimizer = tf.train.sgd(0.5);

    // The loss is the sum of (value − 1)² over the gathered rows; its gradient is −2 a use, so row 2 moves twice as far.
    optimizer.minimize(() => tf.gather(table, rows).sub(1).square().sum());

    expect([...(await table.data())]).toEqual([1, 1, 0, 0, 2, 2]);
    tf.dispose([table, rows]);
    optimizer.dispose();
  });

  it("leaves no tensor behind", async () => {
    const counts: number[] = [];
    for (const name of ["cpu", "wasm", "auto"] as const) {
      const before = tf.memory().numTensors;
      await useEngine(name);
      counts.push(tf.memory().numTensors - before);
    }

    expect(counts).toEqual([0, 0, 0]);
  });

  it("says nothing by itself on the plain engine", () => {
    const { outcomes, errors } = chooseElsewhere(["cpu"]);

    expect(outcomes).toEqual(["cpu | Engine: plain JavaScript, for small inputs only."]);
    expect(errors).toBe("");
  });

  it("falls back to WebAssembly where TensorFlow's library is missing, and says how to get it", () => {
    const { outcomes } = chooseElsewhere(["auto"]);

    expect(outcomes[0]).toMatch(/^wasm \| Engine: WebAssembly\. .*Run "npx relatum-native install"\.$/);
  });

  it("refuses a missing engine by name, and says what to run", () => {
    const { outcomes } = chooseElsewhere(["native", "gpu"]);

    expect(outcomes).toEqual([
      'EngineError | engine "native" needs TensorFlow\'s library. Run "npx relatum-native install".',
      'EngineError | engine "gpu" needs TensorFlow\'s library. Run "npx relatum-native install --gpu".',
    ]);
  });

  it("refuses a name that is none", async () => {
    await expect(useEngine("cuda" as EngineName)).rejects.toThrow(
      "engine must be auto, gpu, native, wasm or cpu, got cuda.",
    );
  });
});

describe.skipIf(!provisioned)("useEngine with TensorFlow's library", () => {
  it("runs the JavaScript of tfjs-node-gpu", () => {
    pretendInstalled("cpu");

    const { outcomes } = chooseElsewhere(["auto"]);

    expect(findTfjsNode()?.name).toBe("@tensorflow/tfjs-node-gpu");
    expect(outcomes[0]).toMatch(/^native \| Engine: TensorFlow 2\.21\.0 on the CPU\. With an NVIDIA GPU, "npx/);
  });

  it("takes the library with CUDA first, and computes on the CPU where there is no GPU", () => {
    pretendInstalled("gpu");

    const { outcomes } = chooseElsewhere(["auto", "gpu", "native"]);

    expect(outcomes).toEqual([
      "native | Engine: TensorFlow 2.21.0 on the CPU.",
      expect.stringContaining('EngineError | engine "gpu" must find a GPU, but TensorFlow computes on the CPU.'),
      "native | Engine: TensorFlow 2.21.0 on the CPU.",
    ]);
  });

  it("falls back, and says why, where the library does not load", () => {
    mkdirSync(join(libraryDirectory("cpu", { RELATUM_CACHE: cache }), "tfjs_binding.node"), { recursive: true });

    const { outcomes } = chooseElsewhere(["auto"]);

    expect(outcomes[0]).toMatch(/^wasm \| .*TensorFlow's library must load, got: .*"npx relatum-native remove"/);
  });

  it("keeps TensorFlow's remarks off the error stream, but for the one that no setting reaches", () => {
    pretendInstalled("cpu");

    const { errors } = chooseElsewhere(["native"]);

    const remarks = errors.split("\n").filter((line) => line !== "" && !/oneDNN|absl::InitializeLog/.test(line));
    expect(remarks).toEqual([]);
  });

  it("writes nothing into node_modules", () => {
    pretendInstalled("cpu");
    const { directory } = findTfjsNode() as { directory: string };
    const folders = [directory, join(directory, "../../@mapbox/node-pre-gyp")];
    const before = folders.map(snapshot);

    chooseElsewhere(["native"]);

    expect(folders.map(snapshot)).toEqual(before);
  });
});
