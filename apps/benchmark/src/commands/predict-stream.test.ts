import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Document, formatDocred, sampleWorld } from "@relatum/datasets";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TOY_ADAPTER, toyContext } from "../__fixtures__/toy-context.ts";
import { InterruptedError } from "../stop.ts";
import { predictCommand } from "./predict.ts";
import { predictStream } from "./predict-stream.ts";
import { trainCommand } from "./train.ts";

const { documents } = sampleWorld({ seed: 5, documents: 40, split: "test" });
const lines = formatDocred(documents).map((document) => JSON.stringify(document));
const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));
const TSX = import.meta.resolve("tsx");

let root: string;
let run: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
  run = join(root, "run");
  const data = { dataset: "sample-world", documents: { train: 10, development: 2, test: 2 } };
  const training = { epochs: 1, batchSize: 10, encoderLearningRate: 0, headLearningRate: 0, warmup: 0 };
  await writeFile(join(root, "e.json"), JSON.stringify({ name: "e", paper: "toy", data, encoder: "none", training }));
  await trainCommand(join(root, "e.json"), { out: run }, toyContext());
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function* piecesOf(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

/** Reads texts as standard input; stops being read after so many texts of output. */
async function predict(texts: readonly string[], takes = Infinity) {
  const [context, written] = [toyContext(), [] as string[]];
  const write = async (text: string): Promise<boolean> => written.push(text) <= takes;
  const streams = { input: piecesOf(texts), write };
  const error = await predictStream(run, { format: "docred" }, context, streams).catch((reason: unknown) => reason);
  const found = written.join("").trim().split("\n");
  return { error, written, notices: context.notices, ids: found.map((line) => (JSON.parse(line) as Document).id) };
}

describe("predictStream", () => {
  it("answers each document in order, whatever comes together, as from a file", async () => {
    const whole = await predict([`${lines.join("\n")}\n`]);
    const cut = await predict(Array.from(`${lines.slice(0, 3).join("\n")}\n`));
    await writeFile(join(root, "some.json"), JSON.stringify(formatDocred(documents)));
    const out = join(root, "found.jsonl");
    await predictCommand(run, { file: join(root, "some.json"), format: "docred", out }, toyContext());

    expect(whole.error).toBeUndefined();
    expect(whole.ids).toEqual(documents.map(({ id }) => id));
    expect(cut.ids).toEqual(documents.slice(0, 3).map(({ id }) => id));
    expect(cut.written).toHaveLength(3);
    expect(whole.written.join("")).toBe(await readFile(out, "utf8"));
  });

  it("keeps apart documents of one id", async () => {
    const { written } = await predict([`${lines[0]}\n${lines[0]}\n${lines[1]}\n`]);

    const [first, second] = written.join("").split("\n");
    expect(second).toBe(first);
  });

  it("goes on after lines that are no documents, names them, and fails at the end", async () => {
    const bad = [`{"title": 3}`, "{oops", JSON.stringify({ ...JSON.parse(lines[2] as string), vertexSet: [[]] })];
    const [none, half, empty] = bad as [string, string, string];

    const { error, ids, notices } = await predict([[lines[0], none, "", lines[1], half, empty, lines[3]].join("\n")]);

    expect(ids).toEqual([0, 1, 3].map((index) => documents[index]?.id));
    const told = notices.filter((notice) => notice.startsWith("line"));
    expect(told).toHaveLength(3);
    expect(told[0]).toMatch(/^line 2: /);
    expect(told[1]).toMatch(/^line 5: .*JSON/);
    expect(told[2]).toBe("line 6: vertexSet[0] must hold at least one mention, got none.");
    expect(String(error)).toContain("Standard input must hold documents only, got 3 lines of others.");
  });

  it("goes on after a document that the model cannot read", async () => {
    const context = toyContext();
    const [adapter] = await context.findAdapters();
    const load = async (directory: string) => {
      const extractor = await adapter!.load(directory);
      const extract = (some: readonly Document[]) => {
        if (some.some(({ id }) => id === documents[1]?.id)) throw new RangeError("no such word");
        return extractor.extract(some);
      };
      return Object.assign(Object.create(extractor) as typeof extractor, { extract });
    };
    const written: string[] = [];
    const streams = {
      input: piecesOf([`${lines.slice(0, 3).join("\n")}\n`]),
      write: async (text: string) => Boolean(written.push(text)),
    };
    const own = { ...context, findAdapters: async () => [{ ...adapter!, load }] };

    await expect(predictStream(run, { format: "docred" }, own, streams)).rejects.toThrow("got 1 lines of others");

    expect(context.notices).toContain("line 2: no such word");
    expect(written.join("").trim().split("\n")).toHaveLength(2);
  });

  it("stops reading once nobody reads its answers", async () => {
    let given = 0;
    const input = (async function* () {
      for (const line of lines) {
        given += 1;
        yield new TextEncoder().encode(`${line}\n`);
      }
    })();

    await predictStream(run, { format: "docred" }, toyContext(), { input, write: async () => false });

    expect(given).toBe(1);
  });

  it("says Stopped after Ctrl-C", async () => {
    const stop = new AbortController();
    const write = async (): Promise<boolean> => {
      stop.abort();
      return true;
    };
    const streams = { input: piecesOf(lines.map((line) => `${line}\n`)), write };

    await expect(predictStream(run, { format: "docred" }, toyContext(stop.signal), streams)).rejects.toThrow(
      InterruptedError,
    );
  });

  it("refuses formats of several lines, and names those of one", async () => {
    await expect(predictStream(run, { format: "pubtator" }, toyContext())).rejects.toThrow(
      "format must have a document a line to be read from a stream (docred, scierc, biomedical-table), got pubtator.",
    );
    const options = { file: "-", format: "docred", out: "x.jsonl" } as const;
    await expect(predictCommand(run, options, toyContext())).rejects.toThrow("out and submission must be left out");
  });
});

describe("relatum-bench predict --file -", { timeout: 120_000 }, () => {
  const start = () => {
    const flags = ["--conditions=@relatum/source", "--import", TSX, CLI, "--adapter", TOY_ADAPTER];
    const parts = ["predict", run, "--file", "-", "--format", "docred"];
    const child = spawn(process.execPath, [...flags, ...parts], { env: { ...process.env, RELATUM_ENGINE: "cpu" } });
    let error = "";
    child.stderr.on("data", (text) => (error += String(text)));
    child.stdin.on("error", () => undefined); // gone with the process
    return { child, ended: once(child, "close"), told: () => error };
  };

  it("ends with 0 and in silence when its reader has gone, though its input goes on", async () => {
    const { child, ended, told } = start();
    child.stdin.write(`${lines[0]}\n`);
    await once(child.stdout, "data");
    child.stdout.destroy();

    const feed = setInterval(() => child.stdin.write(`${lines[1]}\n`), 50);
    const [status] = (await ended) as [number];
    clearInterval(feed);

    expect(status).toBe(0);
    expect(told()).not.toMatch(/EPIPE|Error|at .*\.ts/);
  });

  it("ends with 130 at Ctrl-C while it waits, and with 1 after a bad line", async () => {
    const waiting = start();
    waiting.child.stdin.write(`${lines[0]}\n`);
    await once(waiting.child.stdout, "data");
    waiting.child.kill("SIGINT");
    const failing = start();
    failing.child.stdin.end("oops\n");

    expect(await waiting.ended).toEqual([130, null]);
    expect(waiting.told()).toContain("Stopped.");
    expect(await failing.ended).toEqual([1, null]);
    expect(failing.told()).toContain("line 1: ");
  });
});
