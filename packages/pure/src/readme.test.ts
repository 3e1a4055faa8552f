import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as datasets from "@relatum/datasets";
import * as encoders from "@relatum/encoders";
import { tinyBackbone } from "@relatum/encoders/testing";
import { expect, it } from "vitest";

import * as pure from "./index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("prints what the example of the README says", async () => {
  const example = /```ts\n(.*?)```/su.exec(readme)?.[1] ?? "";
  const expected = /console\.log\(.*\); \/\/ (.*)/u.exec(example)?.[1];
  const folder = mkdtempSync(join(tmpdir(), "relatum-readme-"));
  // A tiny encoder in place of the pretrained one, and a folder that is removed again.
  const backbone = tinyBackbone(1);
  await backbone.tokenizer.prepare(datasets.sampleWorld({ seed: 1, documents: 4 }).documents.flatMap(wordsOf));
  await backbone.save(join(folder, "encoder"));
  const body = example
    .replaceAll(/^import .*$/gm, "")
    .replace('"all-MiniLM-L6-v2"', JSON.stringify(join(folder, "encoder")))
    .replaceAll('"model"', JSON.stringify(join(folder, "model")));
  const names = { ...datasets, ...encoders, ...pure };
  const printed: string[] = [];
  const console = { log: (...values: unknown[]) => printed.push(values.join(" ")) };
  const AsyncFunction = (async () => {}).constructor as new (
    ...sources: string[]
  ) => (...values: unknown[]) => Promise<void>;

  try {
    await new AsyncFunction("console", ...Object.keys(names), body)(console, ...Object.values(names));

    expect(printed).toEqual([expected]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function wordsOf({ sentences }: datasets.Document): string[] {
  return sentences.flat();
}
