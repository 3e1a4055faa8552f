import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { INFERENCE, Noise } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import type { Backbone } from "./backbone.ts";
import { loadPretrained } from "./pretrained.ts";
import { tinyBackbone } from "./testing.ts";

const WORDS = ["Ada", "likes", "Bela", "*", "Ärzte", "U.S.", "two words"];

async function encode({ encoder, tokenizer }: Backbone): Promise<{ ids: number[]; hidden: tf.Tensor3D }> {
  await tokenizer.prepare(WORDS);
  const pieces = WORDS.flatMap((word) => [...tokenizer.tokenizeWord(word)]);
  const ids = [...tokenizer.startIds, ...pieces, ...tokenizer.endIds];
  const tokenIds = tf.tensor2d([ids], undefined, "int32");
  const { hidden } = encoder.encode({ tokenIds, mask: tf.onesLike(tokenIds) }, INFERENCE);
  return { ids, hidden };
}

function difference(first: tf.Tensor, second: tf.Tensor): number {
  return first.sub(second).abs().max().dataSync()[0] as number;
}

it("gives the same ids and weights for the same seed, other weights for another", async () => {
  const [first, again, other] = [
    await encode(tinyBackbone(3)),
    await encode(tinyBackbone(3)),
    await encode(tinyBackbone(4)),
  ];

  expect(again.ids).toEqual(first.ids);
  expect(new Set(first.ids).size).toBe(WORDS.length + 2);
  expect(difference(again.hidden, first.hidden)).toBe(0);
  expect(difference(other.hidden, first.hidden)).toBeGreaterThan(0.01);
});

it("drops nothing unless it is told to", () => {
  for (const dropout of [undefined, 0.1]) {
    const { encoder } = tinyBackbone(0, dropout === undefined ? {} : { dropout });
    const noise = new Noise(tf.tensor1d([1, 2], "int32"));
    const tokenIds = tf.tensor2d([[2, 3]], [1, 2], "int32");

    encoder.encode({ tokenIds, mask: tf.onesLike(tokenIds) }, { training: true, noise });

    expect(noise.nextSite() > 0).toBe(dropout !== undefined);
  }
});

it("is the same after it was saved and loaded, for the words it knew", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tiny-backbone-"));
  const backbone = tinyBackbone(7);
  const expected = await encode(backbone);

  await backbone.save(directory);
  const loaded = await loadPretrained(directory);
  const actual = await encode(loaded);

  expect(actual.ids).toEqual(expected.ids);
  expect(difference(actual.hidden, expected.hidden)).toBe(0);
  await rm(directory, { recursive: true });
});

it("refuses a word that it was not prepared for", () => {
  const { tokenizer } = tinyBackbone();

  expect(() => tokenizer.tokenizeWord("new")).toThrow(
    new RangeError('word must be among those given to prepare, got "new".'),
  );
  expect(tokenizer.id("new")).toBe(tokenizer.id("[UNK]"));
});

it("leaves no tensor behind when disposed of", () => {
  const before = tf.memory().numTensors;

  tinyBackbone().encoder.dispose();

  expect(tf.memory().numTensors).toBe(before);
});
