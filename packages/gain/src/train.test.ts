import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom } from "@relatum/tensor-utils";
import { AbortedError, CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { defineGainConfig, type GainConfig } from "./config.ts";
import { GainModel } from "./model.ts";
import { createOptimizer, trainGain, type TrainGainOptions } from "./train.ts";
import { drawWordVectors } from "./untrained-words.ts";

const relations = ["likes", "knows"];
const documents = syntheticDocuments({ seed: 7, count: 8, relations });

function createConfig(changes: Partial<GainConfig> = {}): GainConfig {
  return defineGainConfig({ relations, typeSize: 4, entityIdSize: 4, maxEntities: 8, graphLayers: 1, ...changes });
}

function createOptions(changes: Partial<TrainGainOptions> = {}): TrainGainOptions {
  return {
    backbone: tinyBackbone(1),
    config: createConfig({ dropout: 0 }),
    seed: 1,
    epochs: 60,
    batchSize: 8,
    encoderLearningRate: 3e-3,
    headLearningRate: 3e-3,
    warmup: 0.06,
    ...changes,
  };
}

const asKey = (documentId: string, head: number, tail: number, relation: string): string =>
  `${documentId} ${head} ${tail} ${relation}`;

describe("createOptimizer", () => {
  const settings = {
    config: createConfig(),
    encoderLearningRate: 1e-5,
    headLearningRate: 1e-3,
    warmup: 0,
    epochs: 1,
    totalSteps: 10,
  };

  it("takes PyTorch's step, with its decay for a pretrained encoder and the paper's for the rest", () => {
    const model = new GainModel(createConfig(), tinyBackbone(1), createRandom(1));

    const { description } = createOptimizer(model, settings);

    expect(JSON.parse(description)).toMatchObject({
      groups: [
        ["/^encoder\\./", 1e-5, 0.01],
        ["/./", 1e-3, 1e-4],
      ],
      epsilon: 1e-8,
      form: "torch",
    });
    expect(JSON.parse(description)).not.toHaveProperty("clipNorm");
    model.dispose();
  });

  it("decays a BiLSTM as the rest", () => {
    const words = drawWordVectors(documents, { width: 4, random: createRandom(1) });
    const model = new GainModel(createConfig({ lstmSize: 4 }), words, createRandom(1));

    const { groups } = JSON.parse(createOptimizer(model, settings).description) as { groups: unknown[][] };

    expect(groups.map(([, , decay]) => decay)).toEqual([1e-4, 1e-4]);
    model.dispose();
  });
});

describe("trainGain", () => {
  it("learns eight documents by heart within 60 steps", async () => {
    const gold = documents.flatMap(({ id, relations: facts }) =>
      facts.map(({ head, tail, relation }) => asKey(id, head, tail, relation)),
    );

    const { extractor, report } = await trainGain(documents, createOptions());

    const { relations: found } = await extractor.withThreshold(0.5).extract(documents);
    const predicted = found.map(({ documentId, head, tail, relation }) => asKey(documentId, head, tail, relation));
    expect(new Set(predicted)).toEqual(new Set(gold));
    expect(report.steps).toBe(60);
    extractor.dispose();
  });

  it("gives back the epoch that scored best, and trains on the last documents of an epoch, be they fewer", async () => {
    const scores = [0.1, 0.9, 0.3];
    const losses: number[] = [];

    const { report, extractor } = await trainGain(
      documents,
      createOptions({
        epochs: 3,
        batchSize: 5,
        evaluate: async () => scores.shift() as number,
        log: (event) => void (event.kind === "step" && losses.push(event.loss)),
      }),
    );

    expect(report.bestEpoch).toBe(2);
    expect(losses).toHaveLength(6);
    extractor.dispose();
  });

  it("repeats itself from a seed and differs between seeds", async () => {
    const lossesOf = async (seed: number): Promise<number[]> => {
      const losses: number[] = [];
      const { extractor } = await trainGain(
        documents,
        createOptions({
          backbone: tinyBackbone(1, { dropout: 0.1 }),
          config: createConfig({ negativesPerPositive: 1, leastNegatives: 1 }),
          seed,
          epochs: 2,
          batchSize: 4,
          log: (event) => void (event.kind === "step" && losses.push(event.loss)),
        }),
      );
      extractor.dispose();
      return losses;
    };

    const first = await lossesOf(1);

    expect(await lossesOf(1)).toEqual(first);
    expect(await lossesOf(2)).not.toEqual(first);
  });

  it("goes on after a stop as if there had been none", async () => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-gain-"));
    const config = createConfig({ negativesPerPositive: 1, leastNegatives: 1 });
    const run = async (changes: Partial<TrainGainOptions>, stopAfter = Infinity) => {
      const stop = new AbortController();
      const losses: number[] = [];
      const log: TrainGainOptions["log"] = (event) => {
        if (event.kind === "step" && losses.push(event.loss) === stopAfter) stop.abort();
      };
      const backbone = tinyBackbone(1, { dropout: 0.1 });
      const options = createOptions({
        epochs: 3,
        batchSize: 4,
        config,
        backbone,
        log,
        signal: stop.signal,
        ...changes,
      });
      try {
        const { extractor } = await trainGain(documents, options);
        const weights = [...extractor.model.parameters().values()].map((parameter) => parameter.dataSync());
        extractor.dispose();
        return { losses, weights };
      } catch (error) {
        if (!(error instanceof AbortedError)) throw error;
        return { losses, weights: [] };
      }
    };

    const whole = await run({});
    const before = await run({ checkpoint: { directory, resume: true } }, 3);
    const after = await run({ checkpoint: { directory, resume: true } });

    expect([...before.losses, ...after.losses]).toEqual(whole.losses);
    expect(after.weights).toEqual(whole.weights);
    rmSync(directory, { recursive: true });
  });

  it("does not go on from a checkpoint of other documents, though they are as many", async () => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-gain-"));
    const settings = { epochs: 1, checkpoint: { directory, resume: true } };
    const unrelated = documents.map((document, index) => (index === 3 ? { ...document, relations: [] } : document));
    const { extractor } = await trainGain(documents, createOptions(settings));
    extractor.dispose();

    const training = trainGain(unrelated, createOptions(settings));

    await expect(training).rejects.toThrow(CheckpointError);
    await expect(training).rejects.toThrow(/whose documents\.sha256 is "[0-9a-f]{64}", got "[0-9a-f]{64}"\./);
    rmSync(directory, { recursive: true });
  });

  it("refuses documents without labels", async () => {
    const unlabelled = documents.map((document, index) => ({ ...document, labelled: index !== 3 }));

    await expect(trainGain(unlabelled, createOptions())).rejects.toThrow(
      `documents must be labelled to train on, got "${documents[3]?.id}", which is not.`,
    );
    await expect(trainGain([], createOptions())).rejects.toThrow("documents must hold at least one to train on");
  });

  it("leaves nothing behind once its model is disposed of", async () => {
    const before = tf.memory().numTensors;

    const { extractor } = await trainGain(documents, createOptions({ epochs: 1 }));
    extractor.dispose();

    expect(tf.memory().numTensors).toBe(before);
  });
});
