import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { totalmem, tmpdir } from "node:os";
import { join } from "node:path";

import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";

import { extractionMemory, machineMemory, parseMemory, trainingMemory } from "./memory.ts";

describe("parseMemory", () => {
  it.each([
    ["4G", 4 * 2 ** 30],
    ["1.5g", 1.5 * 2 ** 30],
    ["800M", 800 * 2 ** 20],
    ["2GiB", 2 * 2 ** 30],
    ["512kB", 512 * 1024],
    ["1000", 1000],
  ])("reads %s", (text, bytes) => {
    expect(parseMemory(text)).toBe(bytes);
  });

  it.each(["", "G", "-1G", "0", "4X", "4 apples"])("refuses %j", (text) => {
    expect(() => parseMemory(text)).toThrow(InvalidArgumentError);
  });
});

describe("what is left of the memory", () => {
  it("is at most three quarters of the machine's without being told", () => {
    expect(machineMemory()).toBeGreaterThan(0);
    expect(machineMemory()).toBeLessThanOrEqual(0.75 * totalmem());
  });

  it("takes the program off, in extraction the model's files too, and is never below nothing", async () => {
    const directory = await mkdtemp(join(tmpdir(), "relatum-"));
    await mkdir(join(directory, "encoder"));
    await writeFile(join(directory, "head"), "12345");
    await writeFile(join(directory, "encoder", "weights"), "1234567");

    expect(trainingMemory(3 * 2 ** 30)).toBe(2 * 2 ** 30);
    expect(trainingMemory(2 ** 20)).toBe(0);
    expect(await extractionMemory(3 * 2 ** 30, directory)).toBe(2 * 2 ** 30 - 12);
    expect(await extractionMemory(1, directory)).toBe(0);
    await rm(directory, { recursive: true });
  });
});
