import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, type Module } from "@relatum/tensor-utils";
import type { AdamW } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { definePureConfig } from "./config.ts";
import { PureEntityModel } from "./entity-model.ts";
import { PureRelationModel } from "./relation-model.ts";
import { createEntityOptimizer } from "./train-entities.ts";
import { createRelationOptimizer } from "./train-relations.ts";

const config = definePureConfig({
  entityTypes: ["PER"],
  relations: ["likes"],
  relationInput: "markers-etype",
  widthEmbeddingSize: 4,
  headSize: 4,
  typeEmbeddingSize: 4,
});
const settings = { encoderLearningRate: 0.1, headLearningRate: 0.5, warmup: 0, totalSteps: 1 };

/** What a step makes of each parameter that is 1, told by its first value. */
function stepFromOnes(model: Module, optimizer: AdamW, gradient: number): Map<string, number> {
  const parameters = [...model.parameters()];
  tf.tidy(() => {
    for (const [, parameter] of parameters) parameter.assign(tf.ones(parameter.shape));
    optimizer.step(new Map(parameters.map(([name, { shape }]) => [name, tf.fill([...shape], gradient)])));
  });
  return new Map(parameters.map(([name, values]) => [name, values.dataSync()[0] as number]));
}

describe("createEntityOptimizer", () => {
  it("moves the encoder by one rate, the rest by another, and nothing without a gradient", () => {
    const model = new PureEntityModel(config, tinyBackbone(1), createRandom(1));

    const still = stepFromOnes(model, createEntityOptimizer(model, settings), 0);
    const moved = stepFromOnes(model, createEntityOptimizer(model, settings), 1);

    expect(new Set(still.values())).toEqual(new Set([1]));
    // The first step of Adam is as long as the rate.
    for (const [name, value] of moved) expect(value).toBeCloseTo(name.startsWith("encoder.") ? 0.9 : 0.5, 4);
  });
});

describe("createRelationOptimizer", () => {
  it("lets all but biases and the encoder's norms decay", () => {
    const model = new PureRelationModel(config, tinyBackbone(1), createRandom(1));

    const values = stepFromOnes(model, createRelationOptimizer(model, settings), 0);

    const isSpared = (name: string): boolean => /bias$|^encoder\..*(?:norm|Norm)\.weight$/.test(name);
    for (const [name, value] of values) {
      const rate = name.startsWith("encoder.") ? 0.1 : 0.5;
      expect(value).toBeCloseTo(isSpared(name) ? 1 : 1 - 0.01 * rate, 6);
    }
    expect(values.get("norm.weight")).toBeCloseTo(0.995, 6);
    expect([...values.keys()].filter(isSpared).length).toBeGreaterThan(10);
  });
});
