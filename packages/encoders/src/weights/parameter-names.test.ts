import { describe, expect, it } from "vitest";

import { AlbertEncoder } from "../albert.ts";
import { BertEncoder } from "../bert.ts";
import { BLANK_WEIGHTS } from "./blank-weights.ts";
import { fromHuggingFaceName, toHuggingFaceName } from "./parameter-names.ts";

const SIZES = {
  vocabularySize: 2,
  hiddenSize: 2,
  layers: 12,
  heads: 1,
  intermediateSize: 2,
  maxPositions: 2,
  typeVocabularySize: 1,
  dropout: 0,
  attentionDropout: 0,
  layerNormEpsilon: 1e-12,
  activation: "gelu",
  padId: 0,
} as const;

describe("fromHuggingFaceName", () => {
  it.each([
    ["bert.embeddings.word_embeddings.weight", "bert", "embeddings.words.weight"],
    ["encoder.layer.11.attention.self.query.bias", "bert", "layers.11.attention.query.bias"],
    ["roberta.encoder.layer.0.attention.output.LayerNorm.weight", "roberta", "layers.0.attentionNorm.weight"],
    ["bert.encoder.layer.3.output.LayerNorm.gamma", "bert", "layers.3.outputNorm.weight"],
    ["bert.encoder.layer.3.output.LayerNorm.beta", "bert", "layers.3.outputNorm.bias"],
    ["pooler.dense.weight", "bert", "pooler.weight"],
    ["albert.pooler.weight", "albert", "pooler.weight"],
    ["albert.encoder.albert_layer_groups.1.albert_layers.2.ffn_output.bias", "albert", "groups.1.2.output.bias"],
  ] as const)("finds the parameter of %s in a %s", (name, family, path) => {
    expect(fromHuggingFaceName(name, family)).toBe(path);
  });

  it.each([
    "embeddings.position_ids",
    "cls.predictions.transform.dense.weight",
    "lm_head.dense.weight",
    "classifier.weight",
    "bert.encoder.layer.0.attention.self.distance_embedding.weight",
  ])("passes over %s", (name) => {
    expect(fromHuggingFaceName(name, "bert")).toBeUndefined();
  });
});

describe("toHuggingFaceName", () => {
  it.each(["bert", "roberta", "albert"] as const)(
    "names every parameter of a %s so that it is found again",
    (family) => {
      const encoder =
        family === "albert"
          ? new AlbertEncoder({ ...SIZES, family, embeddingSize: 2, groups: 2, layersPerGroup: 2 }, BLANK_WEIGHTS)
          : new BertEncoder({ ...SIZES, family }, BLANK_WEIGHTS);
      const paths = [...encoder.parameters().keys()];

      const names = paths.map((path) => toHuggingFaceName(path, family));

      expect(new Set(names).size).toBe(paths.length);
      expect(names.map((name) => fromHuggingFaceName(name, family))).toEqual(paths);
      encoder.dispose();
    },
  );

  it("refuses what is no parameter of an encoder", () => {
    const name = (): string => toHuggingFaceName("extractor.weight", "bert");

    expect(name).toThrow(new RangeError('path must name a parameter of a bert encoder, got "extractor.weight".'));
  });
});
