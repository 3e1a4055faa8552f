import { createHash } from "node:crypto";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { COMMIT, LoopbackHub } from "../__fixtures__/loopback-hub.ts";
import type { DownloadProgress, HubOptions } from "./hub-settings.ts";
import { EncoderNotFoundError, resolveEncoder } from "./resolve-encoder.ts";

const CONFIG = Buffer.from('{"model_type":"bert"}');
const TOKENIZER = Buffer.from('{"model":{}}');
const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251);
const WEIGHTS_HASH = createHash("sha256").update(WEIGHTS).digest("hex");

const hub = new LoopbackHub();
let cache: string;
let repository: string;
let blob: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "relatum-"));
  repository = join(cache, "models--acme--tiny-bert");
  blob = join(repository, "blobs", WEIGHTS_HASH);
  Object.assign(hub, { honoursRanges: true, status: undefined, silent: false, cut: { bytes: 0, times: 0 } });
  Object.assign(hub, { refusals: undefined, stalls: undefined, page: undefined, endless: false });
  hub.seen.length = 0;
  hub.files = {
    "README.md": { content: Buffer.from("# Tiny") },
    "config.json": { content: CONFIG },
    "tokenizer.json": { content: TOKENIZER },
    "vocab.txt": { content: Buffer.from("[PAD]") },
    "model.safetensors": { content: WEIGHTS, large: true },
    "pytorch_model.bin": { content: WEIGHTS, large: true },
    "tf_model.h5": { content: WEIGHTS, large: true },
  };
  await hub.start();
});
afterEach(async () => {
  await hub.stop();
  await rm(cache, { recursive: true });
});

const resolve = (options: HubOptions = {}): Promise<string> =>
  resolveEncoder(hub.id, { hubCache: cache, endpoint: hub.endpoint, token: "hf_secret", offline: false, ...options });

/** Byte by byte, as Vitest's own comparison takes seconds for so many. */
const holdsWeights = async (directory: string): Promise<boolean> =>
  Buffer.from(WEIGHTS).equals(await readFile(join(directory, "model.safetensors")));

const blobs = (): Promise<string[]> => readdir(join(repository, "blobs")).catch((): string[] => []);

describe("resolveEncoder at a hub", () => {
  it("downloads what loading takes, in the layout that Hugging Face's own tools use", async () => {
    const directory = await resolve();

    expect(directory).toBe(join(repository, "snapshots", COMMIT));
    expect((await readdir(directory)).toSorted()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    expect(await holdsWeights(directory)).toBe(true);
    expect(await readFile(join(directory, "config.json"))).toEqual(CONFIG);
    expect((await lstat(join(directory, "model.safetensors"))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(repository, "refs", "main"), "utf8")).toBe(COMMIT);
    expect(await blobs()).toContain(WEIGHTS_HASH);
  });

  it("tells how far each file has come", async () => {
    const events: DownloadProgress[] = [];

    await resolve({ onProgress: (event) => events.push(event) });

    const received = events
      .filter(({ file }) => file === "model.safetensors")
      .map(({ receivedBytes }) => receivedBytes);
    expect(received).toEqual(received.toSorted((left, right) => left - right));
    expect(received.at(-1)).toBe(WEIGHTS.length);
    expect(new Set(events.map(({ file }) => file))).toEqual(
      new Set(["config.json", "tokenizer.json", "model.safetensors"]),
    );
  });

  it("asks the hub nothing once the model is in the cache, offline or not", async () => {
    const directory = await resolve();
    hub.seen.length = 0;

    expect(await resolve()).toBe(directory);
    expect(await resolve({ offline: true })).toBe(directory);
    expect(hub.seen).toEqual([]);
  });

  it("asks the hub nothing when offline, and says so", async () => {
    await expect(resolve({ offline: true })).rejects.toThrow(/Nothing was downloaded: the offline setting/);

    expect(hub.seen).toEqual([]);
  });

  it("gets the rest if a file is missing in the cache", async () => {
    const directory = await resolve();
    await rm(join(directory, "model.safetensors"));
    await rm(blob);
    hub.seen.length = 0;

    expect(await resolve()).toBe(directory);
    expect(hub.paths("storage")).toEqual(["/model.safetensors"]);
    expect(hub.paths("hub").filter((path) => path.includes("resolve"))).toHaveLength(1);
  });

  it("takes up a download that breaks off, where it broke off", async () => {
    hub.cut = { bytes: 100_000, times: 1 };

    const directory = await resolve();

    const ranges = hub.seen.filter(({ host }) => host === "storage").map(({ range }) => range);
    expect(ranges).toEqual([undefined, "bytes=100000-"]);
    expect(await holdsWeights(directory)).toBe(true);
  });

  it("keeps what has arrived for the next call if the connection breaks for good", async () => {
    hub.cut = { bytes: 1_000, times: 100 };
    await expect(resolve()).rejects.toThrow(/model\.safetensors: the connection/);
    const kept = (await readFile(`${blob}.incomplete`)).length;
    hub.cut.times = 0;
    hub.seen.length = 0;

    const directory = await resolve();

    expect(kept).toBeGreaterThan(0);
    expect(hub.seen.find(({ host }) => host === "storage")?.range).toBe(`bytes=${kept}-`);
    expect(await holdsWeights(directory)).toBe(true);
    expect((await blobs()).filter((name) => name.endsWith(".incomplete"))).toEqual([]);
  });

  it("takes over the unfinished file of a process that was killed, not that of a running one", async () => {
    await mkdir(join(repository, "blobs"), { recursive: true });
    const running = `${blob}.${hostname()}.${process.ppid}.0.incomplete`;
    await writeFile(running, WEIGHTS.subarray(0, 10));
    // Process numbers end at 2²², so that no such process runs.
    await writeFile(`${blob}.${hostname()}.${2 ** 22 + 1}.1.incomplete`, WEIGHTS.subarray(0, 250_000));

    await resolve();

    expect(hub.seen.find(({ host }) => host === "storage")?.range).toBe("bytes=250000-");
    expect((await readFile(running)).length).toBe(10);
  });

  it("takes over what an older process left that had the number of this one", async () => {
    await mkdir(join(repository, "blobs"), { recursive: true });
    await writeFile(`${blob}.${hostname()}.${process.pid}.1000000.incomplete`, WEIGHTS.subarray(0, 250_000));

    await resolve();

    expect(hub.seen.find(({ host }) => host === "storage")?.range).toBe("bytes=250000-");
    expect((await blobs()).filter((name) => name.endsWith(".incomplete"))).toEqual([]);
  });

  it.each([
    ["wrong", WEIGHTS.map((byte) => byte ^ 1).subarray(0, 1_000)],
    ["too long", new Uint8Array(WEIGHTS.length + 1)],
    ["whole and wrong", new Uint8Array(WEIGHTS.length)],
  ])("begins anew where what an earlier attempt left is %s", async (_, left) => {
    await mkdir(join(repository, "blobs"), { recursive: true });
    await writeFile(`${blob}.incomplete`, left);

    const directory = await resolve();

    expect(await holdsWeights(directory)).toBe(true);
  });

  it("waits for a hub that is overloaded for a moment, not for one that asks for an hour", async () => {
    hub.refusals = { status: 429, retryAfter: 0, times: 2 };
    expect(await resolve()).toBe(join(repository, "snapshots", COMMIT));

    await rm(repository, { recursive: true });
    hub.refusals = { status: 429, retryAfter: 3_600, times: 1 };
    await expect(resolve()).rejects.toThrow("answers 429: there were too many requests; try again in some minutes.");
  });

  it("gives up on an answer and on a file that stop in the middle", async () => {
    hub.stalls = "answer";
    await expect(resolve({ timeout: 1 })).rejects.toThrow("broke off: nothing arrived for 1 s.");

    hub.stalls = "file";
    await expect(resolve({ stallTimeout: 1 })).rejects.toThrow("model.safetensors: nothing arrived for 1 s.");
    hub.stalls = undefined;
    expect(await resolve()).toBe(join(repository, "snapshots", COMMIT));
  });

  it("gives up on a list without an end", async () => {
    hub.endless = true;

    await expect(resolve()).rejects.toThrow("gives a list of more than 200 pages.");
  });

  it("takes no directory for a model until the last file is linked", async () => {
    hub.files = { ...hub.files, "tokenizer_config.json": { content: Buffer.from("{}") } };
    hub.cut = { bytes: 0, times: 1 };
    await expect(resolve({ revision: "main" })).rejects.toThrow("the connection");

    expect(await readdir(join(repository, "snapshots", COMMIT)).catch(() => [])).toEqual([]);
    await expect(resolve({ revision: COMMIT, offline: true })).rejects.toThrow(EncoderNotFoundError);
  });

  it("says of a login page that it is no hub, and which folder it cannot write to", async () => {
    hub.page = "<html>Log in</html>";
    await expect(resolve()).rejects.toThrow("answers with something else than a hub does. Check HF_ENDPOINT");
    hub.page = '{"error":"other"}';
    await expect(resolve()).rejects.toThrow(/The hub at \S+ (answers with something else|does not give sizes)/);
    hub.page = undefined;

    await writeFile(join(cache, "file"), "a file, no folder");
    await expect(resolve({ hubCache: join(cache, "file") })).rejects.toThrow(
      `was left off: ${join(cache, "file")} must be a folder to write to, got `,
    );
  });

  it("begins anew where the hub sends the whole file for a part", async () => {
    await mkdir(join(repository, "blobs"), { recursive: true });
    await writeFile(`${blob}.incomplete`, WEIGHTS.subarray(0, 1_000));
    hub.honoursRanges = false;

    const directory = await resolve();

    expect(await holdsWeights(directory)).toBe(true);
  });

  it("refuses content with a wrong hash, and keeps nothing of it", async () => {
    hub.files = { ...hub.files, "model.safetensors": { content: WEIGHTS, large: true, hash: "ab".repeat(32) } };
    await expect(resolve()).rejects.toThrow(
      `model.safetensors must have 300000 bytes and the hash ${"ab".repeat(32)}, got the hash ${WEIGHTS_HASH}.`,
    );
    expect((await blobs()).filter((name) => name.startsWith("abab") || name.includes("incomplete"))).toEqual([]);

    hub.files = { ...hub.files, "config.json": { content: Buffer.from("{}"), hash: "cd".repeat(20) } };
    await rm(repository, { recursive: true });
    await expect(resolve()).rejects.toThrow(`config.json must have 2 bytes and the hash ${"cd".repeat(20)}`);
    expect(await blobs()).toEqual([]);
    await expect(resolve({ offline: true })).rejects.toThrow(EncoderNotFoundError);
  });

  it("refuses a file that is longer or shorter than promised", async () => {
    hub.files = { ...hub.files, "model.safetensors": { content: WEIGHTS, large: true, size: 200_000 } };
    await expect(resolve()).rejects.toThrow(/must have 200000 bytes .*, got at least \d+ bytes/);
    expect((await blobs()).filter((name) => name.startsWith(WEIGHTS_HASH))).toEqual([]);

    hub.files = { ...hub.files, "model.safetensors": { content: WEIGHTS, large: true, size: 400_000 } };
    await expect(resolve()).rejects.toThrow("model.safetensors: the connection ended after 300000 of 400000 bytes.");
  });

  it("shows the token to the hub alone, not to where the hub sends it", async () => {
    await resolve();

    const shown = (host: string) =>
      new Set(hub.seen.filter((each) => each.host === host).map((each) => each.authorization));
    expect(shown("hub")).toEqual(new Set(["Bearer hf_secret"]));
    expect(shown("storage")).toEqual(new Set([undefined]));
  });

  it("shows the token over plain http to this machine alone", async () => {
    const shown: (string | null)[] = [];
    vi.stubGlobal("fetch", (_: URL, init: RequestInit) => {
      shown.push(new Headers(init.headers).get("authorization"));
      return Promise.resolve(new Response("no", { status: 401 }));
    });
    try {
      await expect(resolve({ endpoint: "http://hub.example" })).rejects.toThrow("is not sent over plain http");
      await expect(resolve({ endpoint: "https://hub.example" })).rejects.toThrow("does not accept the access token");
    } finally {
      vi.unstubAllGlobals();
    }

    expect(shown).toEqual([null, "Bearer hf_secret"]);
  });

  it.each([
    [404, { token: "hf_secret" }, 'has no model "acme/tiny-bert" with a revision "main".'],
    [401, { token: "hf_secret" }, "does not accept the access token (HF_TOKEN), or has no model"],
    [
      401,
      { token: "" },
      'has no model "acme/tiny-bert", or shows it only to those who have an access token (HF_TOKEN).',
    ],
    [403, { token: "hf_secret" }, 'does not show "acme/tiny-bert" to this access token; accept its terms there first.'],
    [500, { token: "hf_secret" }, "answers 500."],
  ])("says what status %i of %j means", async (status, options, message) => {
    hub.status = status;

    await expect(resolve(options)).rejects.toThrow(`- The hub at ${hub.endpoint} ${message}`);
  });

  it("gives up soon on a hub that does not answer or is not there", async () => {
    hub.silent = true;
    await expect(resolve({ timeout: 0.2 })).rejects.toThrow("gives no answer within 0.2 s.");

    const gone = new LoopbackHub();
    await gone.start();
    const { endpoint } = gone;
    await gone.stop();
    await expect(resolve({ endpoint })).rejects.toThrow(`The hub at ${endpoint} cannot be reached (ECONNREFUSED).`);
  });

  it("refuses hashes that would lead out of the cache", async () => {
    hub.files = { ...hub.files, "config.json": { content: CONFIG, hash: "../../../escaped" } };

    await expect(resolve()).rejects.toThrow("does not give sizes and hashes for it.");
    expect(await readdir(cache)).toEqual([]);
  });

  it("downloads shards with their index, and says if there are no weights", async () => {
    const { "model.safetensors": weights, "pytorch_model.bin": _, ...rest } = hub.files;
    hub.files = {
      ...rest,
      "pytorch_model.bin.index.json": { content: Buffer.from("{}") },
      "pytorch_model-00001-of-00002.bin": weights as (typeof hub.files)[string],
      "pytorch_model-00002-of-00002.bin": { content: Buffer.from("second"), large: true },
    };
    expect(await readdir(await resolve())).toHaveLength(5);

    await rm(repository, { recursive: true });
    hub.files = rest;
    await expect(resolve()).rejects.toThrow(
      "has it without the files that loading takes: config, weights and tokenizer.",
    );
  });

  it("stops when it is told to, and keeps what has arrived", async () => {
    const stopping = new AbortController();
    const stop = ({ file }: DownloadProgress): void => {
      if (file === "model.safetensors") stopping.abort(new Error("stopped by the user"));
    };

    await expect(resolve({ signal: stopping.signal, onProgress: stop })).rejects.toThrow("stopped by the user");

    expect(await blobs()).toContain(`${WEIGHTS_HASH}.incomplete`);
  });
});
