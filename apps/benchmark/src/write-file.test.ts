import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { FileWriteError, hashFile, hashText, writeDirectory, writeInPieces, writeWhole } from "./write-file.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("writeInPieces", () => {
  it("leaves the old file and nothing else when it fails half-way", async () => {
    const path = join(root, "file");
    await writeWhole(path, "old");
    const failing = writeInPieces(path, async (write) => {
      await write("new");
      throw new Error("no more");
    });

    await expect(failing).rejects.toThrow("no more");
    expect(await readdir(root)).toEqual(["file"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });
});

describe("writeDirectory", () => {
  it("leaves the old directory and nothing else when it fails half-way, and names itself for the system", async () => {
    const path = join(root, "model");
    await writeDirectory(path, (beside) => writeFile(join(beside, "one"), "1"));
    const failing = writeDirectory(path, async (beside) => {
      await mkdir(join(beside, "..", ".temporary"));
      await writeFile(join(beside, "absent", "two"), "2");
    });

    await expect(failing).rejects.toThrow(FileWriteError);
    await expect(failing).rejects.toThrow(`${path} must be writable, got ENOENT`);
    expect([await readdir(root), await readdir(path)]).toEqual([["model"], ["one"]]);
  });

  it("takes the place of the directory that is there", async () => {
    const path = join(root, "model");
    await writeDirectory(path, (beside) => writeFile(join(beside, "one"), "1"));
    await writeDirectory(path, (beside) => writeFile(join(beside, "two"), "2"));

    expect([await readdir(root), await readdir(path)]).toEqual([["model"], ["two"]]);
  });
});

describe("hashFile", () => {
  it("is the hash of the file's text", async () => {
    await writeFile(join(root, "file"), "abc");

    expect(await hashFile(join(root, "file"))).toBe(hashText("abc"));
    expect(hashText("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});
