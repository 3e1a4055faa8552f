import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { expect, it, vi } from "vitest";

import * as index from "./index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("prints what the example of the README says", async () => {
  const example = /```ts\n(.*?)```/su.exec(readme)?.[1] ?? "";
  const expected = /console\.log\(.*\); \/\/ (.*)/u.exec(example)?.[1];
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});
  const folder = mkdtempSync(join(tmpdir(), "relatum-readme-"));
  const path = join(folder, "example.ts");
  const source = fileURLToPath(new URL("index.ts", import.meta.url));
  writeFileSync(path, example.replace('"@relatum/datasets"', JSON.stringify(source)));

  try {
    await import(pathToFileURL(path).href);

    expect(printed.mock.calls.map((values) => values.join(" "))).toEqual([expected]);
  } finally {
    printed.mockRestore();
    rmSync(folder, { recursive: true });
  }
});

it("names every function, class and constant of the package", () => {
  expect(Object.keys(index).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
