import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { expect, it, vi } from "vitest";

import * as graph from "./graph/index.ts";
import * as index from "./index.ts";
import * as native from "./native/index.ts";
import * as train from "./train/index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("prints what the example of the README says", async () => {
  const example = /```ts\n(.*?)```/su.exec(readme)?.[1] ?? "";
  const expected = /console\.log\(.*\); \/\/ (.*)/u.exec(example)?.[1];
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});
  const folder = mkdtempSync(join(tmpdir(), "relatum-readme-"));
  const path = join(folder, "example.ts");
  const source = (name: string): string => JSON.stringify(fileURLToPath(new URL(`${name}.ts`, import.meta.url)));
  const text = example
    .replace('"@relatum/tensor-utils"', source("index"))
    .replace(/"@relatum\/tensor-utils\/(\w+)"/g, (_, name: string) => source(`${name}/index`))
    .replace('"@tensorflow/tfjs"', JSON.stringify(createRequire(import.meta.url).resolve("@tensorflow/tfjs")))
    .replace('"auto"', JSON.stringify(process.env["RELATUM_ENGINE"] ?? "auto"));
  writeFileSync(path, text);

  try {
    await import(pathToFileURL(path).href);

    expect(printed.mock.calls.map((values) => values.join(" "))).toEqual([expected]);
  } finally {
    printed.mockRestore();
    rmSync(folder, { recursive: true });
  }
});

it("names every function, class and constant of the package", () => {
  const names = [index, graph, native, train].flatMap((entry) => Object.keys(entry));

  expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
