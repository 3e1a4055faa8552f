import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sampleWorld } from "@relatum/datasets";
import { tinyBackbone } from "@relatum/encoders/testing";
import { afterAll, beforeAll } from "vitest";

import { testReadme } from "../../../tools/readme-example.ts";
import * as index from "./index.ts";

// A tiny encoder in place of the pretrained one, and a folder that is removed again.
const folder = mkdtempSync(join(tmpdir(), "relatum-readme-"));
const [encoder, model] = [join(folder, "encoder"), join(folder, "model")];
beforeAll(async () => {
  const backbone = tinyBackbone(1);
  const { documents } = sampleWorld({ seed: 1, documents: 4 });
  await backbone.tokenizer.prepare(documents.flatMap(({ sentences }) => sentences.flat()));
  await backbone.save(encoder);
});
afterAll(() => rmSync(folder, { recursive: true }));

testReadme({
  from: import.meta.url,
  entries: [index],
  replacements: { '"all-MiniLM-L6-v2"': JSON.stringify(encoder), '"model"': JSON.stringify(model) },
});
