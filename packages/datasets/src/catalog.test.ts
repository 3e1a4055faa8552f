import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type PrepareProgress, prepareDataset } from "./catalog.ts";
import { type CatalogEntry, type CatalogFile, DATASETS } from "./catalog-entries.ts";
import { DatasetFormatError } from "./format.ts";

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
const DIGEST = createHash("sha256").update(CONTENT).digest("hex");

let folder = "";
let server: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "relatum-catalog-"));
});

afterEach(async () => {
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
  await rm(folder, { recursive: true });
});

/** A catalog with one data set of one file. */
function catalogWith(file: Partial<CatalogFile> = {}): CatalogEntry[] {
  const versions = [{ bytes: CONTENT.length, sha256: DIGEST }];
  return [
    {
      name: "mine",
      title: "Mine",
      format: "docred",
      licence: "MIT",
      homepage: "https://example.org",
      instructions: "Ask its authors.",
      files: [{ role: "train", path: "mine/train.json", versions, ...file }],
    },
  ];
}

/** Serves a request listener on loopback; returns the address of a file there. */
async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/train.json`;
}

/** A server of the content that keeps to `Range` and notes what was asked for; cuts its first answers after so many bytes. */
function contentServer(ranges: (string | undefined)[], cuts: readonly number[] = []): RequestListener {
  return (request, response) => {
    const { range } = request.headers;
    const cut = cuts[ranges.length];
    ranges.push(range);
    const start = range === undefined ? 0 : Number(/bytes=(\d+)-/.exec(range)?.[1]);
    if (start >= CONTENT.length) return void response.writeHead(416).end();
    response.writeHead(range === undefined ? 200 : 206, { "content-length": CONTENT.length - start });
    if (cut === undefined) return void response.end(CONTENT.subarray(start));
    response.flushHeaders();
    response.write(CONTENT.subarray(start, start + cut), () => setTimeout(() => response.destroy(), 20));
  };
}

describe("prepareDataset", () => {
  it("downloads a file, checks it and says how far it is", async () => {
    const url = await serve(contentServer([]));
    const progress: PrepareProgress[] = [];

    const prepared = await prepareDataset("mine", {
      cache: folder,
      catalog: catalogWith({ url }),
      onProgress: (event) => progress.push(event),
    });

    expect(prepared).toMatchObject({ name: "mine", title: "Mine", format: "docred", licence: "MIT" });
    expect(CONTENT.equals(await readFile(prepared.files.train!))).toBe(true);
    expect(progress.at(-1)).toEqual({
      file: "mine/train.json",
      receivedBytes: CONTENT.length,
      totalBytes: CONTENT.length,
    });
  });

  it("downloads nothing the second time", async () => {
    const ranges: (string | undefined)[] = [];
    const url = await serve(contentServer(ranges));
    const options = { cache: folder, catalog: catalogWith({ url }) };

    const first = await prepareDataset("mine", options);
    const second = await prepareDataset("mine", options);

    expect(second).toEqual(first);
    expect(ranges).toEqual([undefined]);
  });

  it("goes on where a cut connection has stopped", async () => {
    const ranges: (string | undefined)[] = [];
    const url = await serve(contentServer(ranges, [100_000, 50_000]));

    const { files } = await prepareDataset("mine", { cache: folder, catalog: catalogWith({ url }) });

    expect(ranges).toEqual([undefined, "bytes=100000-", "bytes=150000-"]);
    expect(CONTENT.equals(await readFile(files.train!))).toBe(true);
  });

  it("keeps what has arrived for the next call if the connection breaks for good", async () => {
    const ranges: (string | undefined)[] = [];
    const url = await serve(contentServer(ranges, [100_000, 0]));
    const options = { cache: folder, catalog: catalogWith({ url }) };

    await expect(prepareDataset("mine", options)).rejects.toThrow(/stopped after 100,000 of 300,000 bytes/);
    await expect(readFile(join(folder, "mine/train.json"))).rejects.toThrow("ENOENT");
    const { files } = await prepareDataset("mine", options);

    expect(ranges).toEqual([undefined, "bytes=100000-", "bytes=100000-"]);
    expect(CONTENT.equals(await readFile(files.train!))).toBe(true);
    expect(await readdir(join(folder, "mine"))).toEqual(["train.json"]);
  });

  it.each([[""], [`.${hostname()}.${process.pid}.1000000`], [`.${hostname()}.${2 ** 22 + 1}.1`]])(
    "begins anew where what a killed call left as train.json%s.partial is wrong",
    async (owner) => {
      const url = await serve(contentServer([]));
      await mkdir(join(folder, "mine"));
      await writeFile(join(folder, `mine/train.json${owner}.partial`), Buffer.alloc(1_000, 1));

      const { files } = await prepareDataset("mine", { cache: folder, catalog: catalogWith({ url }) });

      expect(CONTENT.equals(await readFile(files.train!))).toBe(true);
      expect(await readdir(join(folder, "mine"))).toEqual(["train.json"]);
    },
  );

  it("keeps two calls at once from writing to one file", async () => {
    const url = await serve(contentServer([]));
    const options = { cache: folder, catalog: catalogWith({ url }) };

    await Promise.all([1, 2, 3].map(() => prepareDataset("mine", options)));

    expect(CONTENT.equals(await readFile(join(folder, "mine/train.json")))).toBe(true);
    expect(await readdir(join(folder, "mine"))).toEqual(["train.json"]);
  });

  it("gives up on a host that stops in the middle, and asks an overloaded one again", async () => {
    let answers = 0;
    const url = await serve((_, response) => {
      answers += 1;
      if (answers === 1) response.writeHead(200, { "content-length": CONTENT.length }).write("x");
      else if (answers === 2) response.writeHead(503, { "retry-after": "0" }).end();
      else response.end(CONTENT);
    });
    const options = { cache: folder, catalog: catalogWith({ url }), stallTimeout: 0.5 };

    const { files } = await prepareDataset("mine", options);

    expect(answers).toBe(3);
    expect(CONTENT.equals(await readFile(files.train!))).toBe(true);
    server!.closeAllConnections();
  });

  it("replaces a file of another version in the cache, not one in the user's folder", async () => {
    const url = await serve(contentServer([]));
    await mkdir(join(folder, "mine"));
    await writeFile(join(folder, "mine/train.json"), "the last version");

    const catalog = catalogWith({ url });
    await expect(prepareDataset("mine", { directory: folder, cache: folder, catalog })).rejects.toThrow(
      "must have 300,000 bytes, got 16. Remove it, or replace it.",
    );
    const { files } = await prepareDataset("mine", { cache: folder, catalog });

    expect(CONTENT.equals(await readFile(files.train!))).toBe(true);
  });

  it("says which folder it cannot write to", async () => {
    const url = await serve(contentServer([]));
    await writeFile(join(folder, "mine"), "a file, no folder");

    const preparing = prepareDataset("mine", { cache: folder, catalog: catalogWith({ url }) });

    await expect(preparing).rejects.toThrow(`${join(folder, "mine")} must be a folder to write to, got `);
  });

  it("asks for the file as it is, as lengths and ranges of a compressed one would mislead", async () => {
    const encodings: unknown[] = [];
    const url = await serve((request, response) => {
      encodings.push(request.headers["accept-encoding"]);
      response.end(CONTENT);
    });

    await prepareDataset("mine", { cache: folder, catalog: catalogWith({ url }) });

    expect(encodings).toEqual(["identity"]);
  });

  it("begins anew if the server knows no ranges", async () => {
    const url = await serve((_, response) => response.end(CONTENT));
    await mkdir(join(folder, "mine"));
    await writeFile(join(folder, "mine/train.json.partial"), "something else");

    const { files } = await prepareDataset("mine", { cache: folder, catalog: catalogWith({ url }) });

    expect(CONTENT.equals(await readFile(files.train!))).toBe(true);
  });

  it("begins anew if what it has is longer than the file", async () => {
    const url = await serve(contentServer([]));
    await mkdir(join(folder, "mine"));
    await writeFile(join(folder, "mine/train.json.partial"), Buffer.alloc(CONTENT.length + 5));

    const { files } = await prepareDataset("mine", { cache: folder, catalog: catalogWith({ url }) });

    expect(CONTENT.equals(await readFile(files.train!))).toBe(true);
  });

  it("refuses and throws away a download with another digest", async () => {
    const url = await serve((_, response) => response.end(Buffer.alloc(CONTENT.length)));
    const options = { cache: folder, catalog: catalogWith({ url }) };

    await expect(prepareDataset("mine", options)).rejects.toThrow(`must have the SHA-256 ${DIGEST}, got `);
    await expect(readFile(join(folder, "mine/train.json"))).rejects.toThrow("ENOENT");
    await expect(readFile(join(folder, "mine/train.json.partial"))).rejects.toThrow("ENOENT");
  });

  it("refuses a download of another size", async () => {
    const url = await serve((_, response) => response.end("<html>"));

    const preparing = prepareDataset("mine", { cache: folder, catalog: catalogWith({ url }) });

    await expect(preparing).rejects.toThrow(
      `${url} must have 300,000 bytes, got 6. The download is thrown away; try again`,
    );
  });

  it("says which answer it got instead of the file", async () => {
    const url = await serve((_, response) => response.writeHead(404, "Not Found").end("no"));

    const preparing = prepareDataset("mine", { cache: folder, catalog: catalogWith({ url }) });

    await expect(preparing).rejects.toThrow(`${url} must answer with the file, got 404 Not Found.`);
  });

  it("says that a host cannot be reached", async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => server!.close(resolve));

    const preparing = prepareDataset("mine", { cache: folder, catalog: catalogWith({ url }) });

    await expect(preparing).rejects.toThrow(`${url} cannot be reached: connect ECONNREFUSED`);
  });

  it.each([["mine/train.json"], ["train.json"], ["unpacked/deeper/train.json"]])(
    "takes a file that lies in the data directory as %s",
    async (place) => {
      await mkdir(join(folder, place, ".."), { recursive: true });
      await writeFile(join(folder, place), CONTENT);

      const { files } = await prepareDataset("mine", {
        directory: folder,
        cache: join(folder, "none"),
        catalog: catalogWith(),
      });

      expect(files).toEqual({ train: join(folder, place) });
    },
  );

  it("takes the one with the right contents of two files of a name", async () => {
    await mkdir(join(folder, "mine"));
    await mkdir(join(folder, "right"));
    await writeFile(join(folder, "mine/train.json"), "other");
    await writeFile(join(folder, "right/train.json"), CONTENT);

    const { files } = await prepareDataset("mine", { directory: folder, cache: "none", catalog: catalogWith() });

    expect(files.train).toBe(join(folder, "right/train.json"));
  });

  it("knows a file by the first digits of its digest, and by each of several versions", async () => {
    await writeFile(join(folder, "train.json"), CONTENT);
    const versions = [
      { bytes: 5, sha256: "00" },
      { bytes: CONTENT.length, sha256: DIGEST.slice(0, 12) },
    ];

    const { files } = await prepareDataset("mine", {
      directory: folder,
      cache: "none",
      catalog: catalogWith({ versions }),
    });

    expect(files.train).toBe(join(folder, "train.json"));
  });

  it("reports what a file in the data directory should be and is", async () => {
    await writeFile(join(folder, "train.json"), Buffer.alloc(CONTENT.length));

    const preparing = prepareDataset("mine", { directory: folder, cache: "none", catalog: catalogWith() });

    const digest = createHash("sha256").update(Buffer.alloc(CONTENT.length)).digest("hex");
    await expect(preparing).rejects.toThrow(
      new DatasetFormatError(
        join(folder, "train.json"),
        `must have the SHA-256 ${DIGEST}, got ${digest}. Remove it, or replace it.`,
      ),
    );
  });

  it("takes no notice of another file of the name in a folder of its own", async () => {
    await mkdir(join(folder, "theirs"));
    await writeFile(join(folder, "theirs/train.json"), "other");

    const preparing = prepareDataset("mine", { directory: folder, cache: "none", catalog: catalogWith() });

    await expect(preparing).rejects.toThrow(`which is not in ${folder}`);
  });

  it("takes a file of unknown contents at the ends of its place alone, where they tell it from the others", async () => {
    const fold = (split: string): CatalogFile => ({
      role: split === "train" ? "train" : "test",
      path: `mine/${split}/0.json`,
      versions: [],
    });
    const catalog = [{ ...catalogWith()[0]!, files: [fold("train"), fold("test")] }];
    const prepare = async () => (await prepareDataset("mine", { directory: folder, cache: "none", catalog })).files;
    const write = async (place: string): Promise<void> => {
      await mkdir(join(folder, place, ".."), { recursive: true });
      await writeFile(join(folder, place), "any");
    };

    await write("0.json");
    await write("theirs/train/0.json");
    await expect(prepare()).rejects.toThrow("Mine needs mine/train/0.json, which is not in");
    await write("train/0.json");
    await write("mine/test/0.json");
    expect(await prepare()).toEqual({ train: join(folder, "train/0.json"), test: join(folder, "mine/test/0.json") });
  });

  it("says where the corpora come from that are sold", async () => {
    const preparing = (name: string) => prepareDataset(name, { directory: folder, cache: join(folder, "none") });

    await expect(preparing("ace05")).rejects.toThrow("catalog.ldc.upenn.edu/LDC2006T06");
    await expect(preparing("ace04-4")).rejects.toThrow("ACE04 (fold 4) needs ace04/json/train/4.json");
  });

  it("says how to get a file that has no address, and where to put it", async () => {
    const preparing = prepareDataset("mine", { directory: folder, cache: "none", catalog: catalogWith() });

    await expect(preparing).rejects.toThrow(
      `Mine needs mine/train.json (300,000 bytes), which is not in ${folder}. Ask its authors. Put it into ${folder}`,
    );
  });

  it("does without an optional file", async () => {
    const catalog = catalogWith({ optional: true });

    const { files } = await prepareDataset("mine", { directory: folder, cache: folder, catalog });

    expect(files).toEqual({});
  });

  it("names the data sets there are", async () => {
    const preparing = prepareDataset("theirs", { cache: folder, catalog: catalogWith() });

    await expect(preparing).rejects.toThrow('The data set must be one of mine, got "theirs".');
  });
});

describe("DATASETS", () => {
  it("gives each data set a name of its own, a training and a development file, and well-formed digests", () => {
    expect(new Set(DATASETS.map(({ name }) => name)).size).toBe(DATASETS.length);
    for (const { files } of DATASETS) {
      expect(files.map(({ role }) => role)).toEqual(expect.arrayContaining(["train", "development"]));
      for (const { sha256 } of files.flatMap(({ versions }) => versions)) expect(sha256).toMatch(/^[0-9a-f]{12,64}$/);
    }
  });
});
