import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadPretrained } from "@relatum/encoders";
import { expect, it } from "vitest";

import { untrainedEncoder } from "./untrained-encoder.ts";

it("knows common words and no names, also after it was saved and loaded", async () => {
  const directory = await mkdtemp(join(tmpdir(), "relatum-"));
  const backbone = untrainedEncoder();
  await backbone.save(directory);
  const loaded = await loadPretrained(directory);
  for (const { tokenizer } of [backbone, loaded]) {
    await tokenizer.prepare(["born", "Zaizan", "*"]);

    expect(tokenizer.tokenizeWord("Zaizan")).toEqual([tokenizer.id("[UNK]")]);
    for (const known of ["born", "*"]) expect(tokenizer.tokenizeWord(known)).toEqual([tokenizer.id(known)]);
    for (const known of ["born", "*", "[unused1]", "[unused99]"]) {
      expect(tokenizer.id(known)).not.toBe(tokenizer.id("[UNK]"));
    }
  }
  expect(loaded.encoder.hiddenSize).toBe(backbone.encoder.hiddenSize);

  backbone.encoder.dispose();
  loaded.encoder.dispose();
  await rm(directory, { recursive: true });
});
