import { readFileSync } from "node:fs";

import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";

import { ModelFileError } from "./model-file-error.ts";
import { parseTorchCheckpoint } from "./torch-checkpoint.ts";

const readFixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../__fixtures__/${name}`, import.meta.url)));

/** An archive as torch.save makes it around a pickle in text form (protocol 0). */
function archive(pickle: string, storages: Readonly<Record<string, Uint8Array>> = {}, level: 0 | 9 = 0): Uint8Array {
  const data = Object.entries(storages).map(([key, bytes]) => [`model/data/${key}`, bytes] as const);
  return zipSync({ "model/data.pkl": new TextEncoder().encode(pickle), ...Object.fromEntries(data) }, { level });
}

/** The pickle of `{"weight": tensor}` with the given place in float storage "0". */
function tensorPickle({ offset = 0, shape = [2], strides = [1], key = "0" } = {}): string {
  const tuple = (values: readonly number[]): string => `(${values.map((value) => `I${value}\n`).join("")}t`;
  const storage = `(S'storage'\nctorch\nFloatStorage\nS'${key}'\nS'cpu'\nI2\ntQ`;
  const fields = `${storage}I${offset}\n${tuple(shape)}${tuple(strides)}I00\nccollections\nOrderedDict\n(tR`;
  return `(dS'weight'\nctorch._utils\n_rebuild_tensor_v2\n(${fields}tRs.`;
}

const twoFloats = new Uint8Array(new Float32Array([3, 4]).buffer);

describe.each(["torch-checkpoint.bin", "torch-checkpoint-old.bin"])("parseTorchCheckpoint of %s", (name) => {
  const tensors = parseTorchCheckpoint(readFixture(name), name);
  const read = async (tensor: string): Promise<number[]> => [...((await tensors.get(tensor)?.read()) ?? [])];

  it("reads float32, and views on it with other strides and offsets", async () => {
    expect(await read("float32")).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(tensors.get("transposed")?.shape).toEqual([4, 3]);
    expect(await read("transposed")).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
    expect(tensors.get("slice")?.shape).toEqual([2, 2]);
    expect(await read("slice")).toEqual([6, 7, 10, 11]);
  });

  it("reads parameters, scalars and empty tensors", async () => {
    expect(await read("parameter")).toEqual([0.5, -1]);
    expect(tensors.get("scalar")?.shape).toEqual([]);
    expect(await read("scalar")).toEqual([7]);
    expect(tensors.get("empty")?.shape).toEqual([0, 3]);
    expect(await read("empty")).toEqual([]);
  });

  it("widens float16 and bfloat16, and rounds float64", async () => {
    expect(await read("half")).toEqual([1.5, -2, 65504, 2 ** -24]);
    // bfloat16 keeps 8 bits: 3e38 is 1.7632 · 2¹²⁷, and 1.7632 · 2⁷ rounds to 226.
    expect(await read("bfloat")).toEqual([1, -(226 / 128) * 2 ** 127]);
    expect(await read("double")).toEqual([Math.fround(0.1)]);
  });

  it("leaves out tensors of whole numbers", () => {
    expect(tensors.has("position_ids")).toBe(false);
  });

  it("says of a file cut anywhere that it is damaged", async () => {
    const bytes = readFixture(name);
    for (let length = 0; length < bytes.length; length += 97) {
      const reading = async (): Promise<void> => {
        const cut = parseTorchCheckpoint(bytes.slice(0, length), "cut.bin");
        for (const tensor of cut.values()) await tensor.read();
      };
      await expect(reading(), `${length} bytes`).rejects.toThrow(ModelFileError);
    }
  });
});

describe("parseTorchCheckpoint", () => {
  it("reads a hand-made archive, which the refusals below vary", async () => {
    const tensors = parseTorchCheckpoint(archive(tensorPickle(), { 0: twoFloats }), "model.bin");

    expect(await tensors.get("weight")?.read()).toEqual(new Float32Array([3, 4]));
  });

  it("refuses a pickle that asks for code, and names what it asks for", () => {
    const parse = () => parseTorchCheckpoint(archive("cposix\nsystem\n(S'true'\ntR."), "model.bin");

    expect(parse).toThrow(ModelFileError);
    expect(parse).toThrow("model.bin must hold nothing but tensors, but its pickle asks for posix.system.");
  });

  it("refuses the same in every form that a pickle has for it", () => {
    const forms = [
      "(S'true'\niposix\nsystem\n.",
      "(cposix\nsystem\nS'true'\no.",
      "\u0080\u0004\u008c\u0005posix\u008c\u0006system\u0093.",
    ];
    for (const form of forms) {
      const bytes = Uint8Array.from(form, (letter) => letter.charCodeAt(0));
      const parse = () => parseTorchCheckpoint(zipSync({ "model/data.pkl": bytes }, { level: 0 }), "model.bin");
      expect(parse).toThrow("its pickle asks for posix.system");
    }
  });

  it("refuses an archive whose files are packed, however small", () => {
    const packed = archive(tensorPickle(), { 0: new Uint8Array(1_000_000) }, 9);

    expect(() => parseTorchCheckpoint(packed, "model.bin")).toThrow(/must hold its files unpacked, but model\/data/);
  });

  it("refuses a tensor that repeats few values without bound", () => {
    const pickle = tensorPickle({ shape: [1_000_000, 1_000_000], strides: [0, 0] });

    expect(() => parseTorchCheckpoint(archive(pickle, { 0: twoFloats }), "model.bin")).toThrow(
      "model.bin: weight must have no more values than its file bytes, got 1000000000000.",
    );
  });

  it("refuses a tensor that looks beyond its storage", async () => {
    const tensors = parseTorchCheckpoint(archive(tensorPickle({ offset: 1 }), { 0: twoFloats }), "model.bin");

    await expect(tensors.get("weight")?.read()).rejects.toThrow(
      "model.bin: weight must end within its storage (8 bytes), got byte 12.",
    );
  });

  it("refuses negative strides and shapes", () => {
    for (const place of [{ strides: [-1] }, { shape: [-2] }, { offset: -1 }, { shape: [2, 1] }]) {
      const parse = () => parseTorchCheckpoint(archive(tensorPickle(place), { 0: twoFloats }), "model.bin");
      expect(parse).toThrow("model.bin: weight must have an offset, a shape and as many strides");
    }
  });

  it("looks for storages inside the archive only", async () => {
    const tensors = parseTorchCheckpoint(archive(tensorPickle({ key: "../../../secret" })), "model.bin");

    await expect(tensors.get("weight")?.read()).rejects.toThrow(
      "model.bin must hold the whole of model/data/../../../secret.",
    );
  });

  const binary = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const parsePickle = (text: string) => () =>
    parseTorchCheckpoint(zipSync({ "model/data.pkl": binary(text) }, { level: 0 }), "model.bin");

  it.each([
    [
      "bytes of a length below 0, which led back to where it was read",
      "B\xfb\xff\xff\xff.",
      "asks for 4294967291 bytes",
    ],
    ["bytes beyond the file", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "asks for 18446744073709552000 bytes"],
    ["a whole number whose digits would take hours", `\x8b\x00\x00\x01\x00${"x".repeat(65_536)}.`, "of 65536 bytes"],
    ["marks within marks without end", "(".repeat(2000), "is 1000 marks deep"],
    ["items of what is no dictionary", "(lS'set'\nI1\ns.", "sets items of what is no dictionary"],
    ["a call of a value", "(lp0\n)R.", "calls what cannot be called"],
    ["a call with what is no tuple", "ccollections\nOrderedDict\nI1\nR.", "calls with what is no tuple"],
    ["what was never remembered", "g7\n.", "recalls 7, which was not remembered"],
    ["more than is there", "s.", "takes from an empty stack"],
    ["no end", "(lp0\n", "asks for 1 bytes, of which 0 are left"],
    ["an extension, which is code under a number", "\x82\x01.", "follows the unknown opcode 130"],
    ["an unknown version", "\x80\x09.", "follows a version above 5"],
  ])("refuses a pickle with %s", (_, pickle, message) => {
    expect(parsePickle(pickle)).toThrow(ModelFileError);
    expect(parsePickle(pickle)).toThrow(message);
  });

  it("refuses one list made into dictionaries again and again, which would take the square of the file", () => {
    const list = `(${"(I1\nI2\nt".repeat(1000)}lp0\n`;
    const dictionaries = "ccollections\nOrderedDict\n(g0\ntR".repeat(1000);

    expect(parsePickle(`${list}${dictionaries}.`)).toThrow("must make its dictionaries from lists of pairs");
  });

  it("passes over the state of objects, whatever its names: lengths, prototypes, functions", async () => {
    const state = "(dS'length'\nI4294967295\nsS'__proto__'\nNsS'__setstate__'\nNsb";
    const pickle = tensorPickle().replace("(I2\nt", `(I2\nt${state}`);

    const tensors = parseTorchCheckpoint(archive(pickle, { 0: twoFloats }), "model.bin");

    expect(await tensors.get("weight")?.read()).toEqual(new Float32Array([3, 4]));
  });

  it("refuses a tensor of more axes than PyTorch has", () => {
    const pickle = tensorPickle({ shape: Array<number>(65).fill(1), strides: Array<number>(65).fill(0) });

    expect(() => parseTorchCheckpoint(archive(pickle, { 0: twoFloats }), "model.bin")).toThrow(
      "model.bin: weight must have at most 64 axes, got 65.",
    );
  });

  it("refuses what is no file of torch.save, and one without tensors", () => {
    const parse = (bytes: Uint8Array) => () => parseTorchCheckpoint(bytes, "model.bin");

    expect(parse(new TextEncoder().encode("version https://git-lfs"))).toThrow(
      "must be a file of torch.save, but begins",
    );
    expect(parse(archive("(dS'epoch'\nI3\ns."))).toThrow("must hold tensors by name at its top, got none.");
    expect(parse(archive("I3\n."))).toThrow("must hold a dictionary of tensors.");
    expect(parse(zipSync({ "model/other.pkl": twoFloats }, { level: 0 }))).toThrow("must hold one data.pkl, got 0.");
  });
});
