import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { resolveEncoder } from "../../../packages/encoders/src/hub/resolve-encoder.ts";
import type { HubOptions } from "../../../packages/encoders/src/hub/hub-settings.ts";
import { recordFault } from "../record.ts";
import { type Fault, FaultyServer, NETWORK_FAULTS } from "./faulty-server.ts";
import { COMMIT, encoder, encoderList, engine, MODEL } from "./subjects.ts";

const TOKEN = "hf_BewareOfThisWordInAnyOutput";
const PASSWORD = "HunterTwoInTheIndexAddress";

const server = new FaultyServer();
let cache: string;
beforeAll(() => server.apply());
afterAll(() => server.stop());
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "relatum-fault-"));
  server.seen.length = 0;
  server.headers = {};
});
afterEach(() => rm(cache, { recursive: true, force: true }));

/** Everything that a person, a log or a later program may get to see of a download with a token. */
async function traces(options: HubOptions = {}): Promise<string> {
  const seen: unknown[] = [];
  const settings = {
    hubCache: join(cache, "hub"),
    cache: join(cache, "relatum"),
    endpoint: server.address,
    token: TOKEN,
  };
  try {
    const patience = { timeout: 2, stallTimeout: 1, offline: false };
    seen.push(
      await resolveEncoder(MODEL, { ...settings, ...patience, onProgress: (event) => seen.push(event), ...options }),
    );
  } catch (error) {
    seen.push(error, JSON.stringify(error), String(error), (error as Error).stack);
  }
  return [inspect(seen, { depth: 20, showHidden: true, maxStringLength: null }), ...(await contents(cache))].join("\n");
}

/** The names and contents of all files below a folder. */
async function contents(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (file) => `${file}\n${await readFile(file, "latin1")}`));
}

/** What shows that a secret went where it must not: into what was seen, or to the second host of a server. */
function leaks(secret: string, text: string, { seen } = server): string[] {
  const hosts = seen.filter(({ host, authorization }) => host === "second" && authorization !== undefined);
  return [
    ...(text.includes(secret)
      ? [`it is shown: …${text.slice(Math.max(0, text.indexOf(secret) - 60), text.indexOf(secret))}`]
      : []),
    ...hosts.map(({ path }) => `it is sent to another host for ${path}`),
  ];
}

describe("the hub's token", () => {
  it("is in no error, progress or file, whatever goes wrong, and goes to no other host", async () => {
    const found: string[] = [];
    let tried = 0;
    for (const subject of [encoder, encoderList]) {
      for (const fault of [
        { name: "none" },
        ...NETWORK_FAULTS,
        { name: "401", status: 401 },
        { name: "403", status: 403 },
      ]) {
        subject.serve(server);
        server.seen.length = 0;
        await server.apply(fault as Fault);
        const text = await traces();
        found.push(...leaks(TOKEN, text).map((leak) => `${subject.name}, ${fault.name}: ${leak}`));
        tried += 1;
        await rm(cache, { recursive: true, force: true });
        cache = await mkdtemp(join(tmpdir(), "relatum-fault-"));
      }
    }
    await server.apply();

    record("Hub token in errors, progress, files and at other hosts, every network fault", tried, found.length);
    expect(found).toEqual([]);
  });

  it("does reach the hub itself", async () => {
    encoder.serve(server);
    await server.apply({ name: "elsewhere", elsewhere: true });

    await traces();
    await server.apply();

    const first = server.seen.filter(({ host }) => host === "first");
    expect(first.length).toBeGreaterThan(3);
    expect(new Set(first.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${TOKEN}`]));
    expect(server.seen.some(({ host }) => host === "second")).toBe(true);
  });

  it("goes to no other host that the hub's list names", async () => {
    encoder.serve(server);
    const list = `/api/models/${MODEL}/tree/${COMMIT}`;
    server.headers = { [list]: { link: `<${server.secondAddress}${list}?cursor=2>; rel="next"` } };

    const text = await traces();

    expect(server.seen.some(({ host, path }) => host === "second" && path === list)).toBe(true);
    expect(leaks(TOKEN, text)).toEqual([]);
  });

  it.each([`${TOKEN}\nsecond line`, `${TOKEN}…`, `Bearer ${TOKEN}`])(
    "is not shown where it is malformed",
    async (token) => {
      encoder.serve(server);

      const text = await traces({ token });

      expect(text).toContain("token must hold letters, digits and signs alone");
      expect(leaks(TOKEN, text)).toEqual([]);
    },
  );

  it("is not shown as a password in the hub's address", async () => {
    for (const endpoint of [server.address.replace("//", `//me:${TOKEN}@`), `me:${TOKEN}@hub`, `//me:${TOKEN}@hub`]) {
      const text = await traces({ endpoint });

      expect(text).toContain("endpoint must");
      expect(leaks(TOKEN, text)).toEqual([]);
    }
  });

  it("is seen where a redirect is followed with it, and where an error shows it", async () => {
    // A server of its own: connections to the other one may be kept from before it was started anew.
    const fresh = new FaultyServer();
    await fresh.apply({ name: "elsewhere", elsewhere: true });
    const headers = { authorization: `Bearer ${TOKEN}` };

    try {
      const answer = await fetch(`${fresh.address}/model.safetensors`, { headers, redirect: "manual" });
      await fetch(answer.headers.get("location") ?? "", { headers });
      const shown = await fetch(fresh.address, { headers: { authorization: `${TOKEN}\n.` } }).catch((error: unknown) =>
        inspect(error),
      );

      expect(leaks(TOKEN, "", fresh)).toHaveLength(1);
      expect(leaks(TOKEN, inspect(shown), fresh)).toHaveLength(2);
    } finally {
      await fresh.stop();
    }
  });
});

describe("the environment's secrets", () => {
  it("are in no file of a run", async () => {
    const benchmark = fileURLToPath(new URL("../../../apps/benchmark/", import.meta.url));
    const experiment = {
      name: "secret",
      paper: "toy",
      encoder: "none",
      config: {},
      data: { dataset: "sample-world", documents: { train: 2, development: 2, test: 2 } },
      training: { epochs: 1, batchSize: 1, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 },
    };
    await writeFile(join(cache, "secret.json"), JSON.stringify(experiment));
    const adapter = ["--adapter", join(benchmark, "src", "__fixtures__", "toy-adapter.mjs")];
    const flags = [
      "--conditions=@relatum/source",
      "--import",
      import.meta.resolve("tsx"),
      join(benchmark, "src", "cli.ts"),
    ];
    const env = {
      ...process.env,
      RELATUM_ENGINE: "cpu",
      HF_TOKEN: TOKEN,
      PIP_INDEX_URL: `https://me:${PASSWORD}@index`,
    };
    const words = [...flags, ...adapter, "train", "secret.json", "--out", "run"];

    const output = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, words, { cwd: cache, env }, (error, out, complaint) => {
        if (error === null) resolve(out + complaint);
        else reject(error);
      });
    });
    const text = [output, ...(await contents(join(cache, "run")))].join("\n");

    expect(text).toContain('"command"');
    record(
      "Hub token and index password in a run's output and files",
      2,
      leaks(TOKEN, text).length + leaks(PASSWORD, text).length,
    );
    expect([...leaks(TOKEN, text), ...leaks(PASSWORD, text)]).toEqual([]);
  });
});

describe("the password of a package index", () => {
  it("is in no error and goes to no other host", async () => {
    const faults = NETWORK_FAULTS.filter(({ name }) =>
      /^(no network|connection cut at 5 tenths|wrong bytes of.*|file at.*|status 404|status 500)$/.test(name),
    );
    const address = (): string => server.address.replace("//", `//me:${PASSWORD}@`);
    const found: string[] = [];
    let asked = 0;
    for (const [index, fault] of faults.entries()) {
      engine.serve(server);
      server.seen.length = 0;
      await server.apply(fault);
      const outcome: unknown = await engine
        .install(join(cache, String(index)), address())
        .catch((error: unknown) => error);
      const text = [inspect(outcome, { depth: 20 }), ...(await contents(cache))].join("\n");
      found.push(...leaks(PASSWORD, text).map((leak) => `${fault.name}: ${leak}`));
      asked += server.seen.filter(({ authorization }) => authorization !== undefined).length;
    }
    await server.apply();

    record("Password of a package index in errors, files and at other hosts", faults.length, found.length);
    expect(found).toEqual([]);
    expect(asked).toBeGreaterThan(0);
  });
});

function record(fault: string, tried: number, leaked: number): void {
  const planted = "a redirect followed with the token, an error that shows it";
  recordFault({ area: "Secrets", fault, tried, survived: Math.max(0, tried - leaked), lost: leaked, planted });
}
