import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { useGraphs } from "@relatum/tensor-utils/graph";
import { AbortedError, CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { defineAtlopConfig } from "./config.ts";
import { trainAtlop, type TrainAtlopOptions } from "./train.ts";

const relations = ["likes", "knows"];
const documents = syntheticDocuments({ seed: 7, count: 8, relations });

function createOptions(changes: Partial<TrainAtlopOptions> = {}): TrainAtlopOptions {
  return {
    backbone: tinyBackbone(1),
    config: defineAtlopConfig({ relations, pairSize: 32, blockSize: 8 }),
    seed: 1,
    epochs: 120,
    batchSize: 8,
    encoderLearningRate: 3e-3,
    headLearningRate: 3e-3,
    warmup: 0.06,
    ...changes,
  };
}

const asKey = (documentId: string, head: number, tail: number, relation: string): string =>
  `${documentId} ${head} ${tail} ${relation}`;

describe("trainAtlop", () => {
  it("learns eight documents by heart within 120 steps", async () => {
    const gold = documents.flatMap(({ id, relations: facts }) =>
      facts.map(({ head, tail, relation }) => asKey(id, head, tail, relation)),
    );

    const { extractor, report } = await trainAtlop(documents, createOptions());

    const { relations: found } = await extractor.extract(documents);
    const predicted = found.map(({ documentId, head, tail, relation }) => asKey(documentId, head, tail, relation));
    expect(new Set(predicted)).toEqual(new Set(gold));
    expect(report.steps).toBe(120);
  });

  it("gives back the epoch that scored best", async () => {
    const scores = [0.1, 0.9, 0.3];
    const losses: number[] = [];

    const { report } = await trainAtlop(
      documents,
      createOptions({
        epochs: 3,
        batchSize: 4,
        evaluate: async () => scores.shift() as number,
        log: (event) => void (event.kind === "step" && losses.push(event.loss)),
      }),
    );

    expect(report.bestEpoch).toBe(2);
    expect(losses).toHaveLength(6);
  });

  it("pads less with documents of like length in a batch, and says how much", async () => {
    const lengths = Array.from({ length: 32 }, (_, index) => (index % 2 === 0 ? 1 : 40));
    const long = lengths.map((repeat, index) => {
      const [document] = syntheticDocuments({ seed: index, count: 1, relations });
      const { sentences, ...rest } = document as (typeof documents)[number];
      return { ...rest, sentences: [...sentences, Array<string>(repeat).fill("and")] };
    });
    const paddingOf = async (batching: "by-length" | "shuffled"): Promise<number> => {
      const { extractor, report } = await trainAtlop(long, createOptions({ epochs: 1, batchSize: 4, batching }));
      extractor.dispose();
      return report.epochs[0]?.padding as number;
    };

    const byLength = await paddingOf("by-length");

    expect(byLength).toBeLessThan(await paddingOf("shuffled"));
    expect(byLength).toBeGreaterThan(0);
  });

  it("repeats itself from a seed and differs between seeds", async () => {
    const lossesOf = async (seed: number): Promise<number[]> => {
      const losses: number[] = [];
      const log = (event: { kind: string; loss?: number }) =>
        void (event.kind === "step" && losses.push(event.loss ?? 0));
      const backbone = tinyBackbone(1, { dropout: 0.1 });
      await trainAtlop(documents, createOptions({ backbone, seed, epochs: 2, batchSize: 4, log }));
      return losses;
    };

    const first = await lossesOf(1);

    expect(await lossesOf(1)).toEqual(first);
    expect(await lossesOf(2)).not.toEqual(first);
  });

  it("takes the same 200 steps with graphs and without", { timeout: 240_000 }, async () => {
    const four = documents.slice(0, 4);
    const lossesOf = async (enabled: boolean): Promise<number[]> => {
      const losses: number[] = [];
      const log: TrainAtlopOptions["log"] = (event) => void (event.kind === "step" && losses.push(event.loss));
      const backbone = tinyBackbone(1, { dropout: 0.1 });
      const before = useGraphs({ enabled });
      const rates = { encoderLearningRate: 1e-4, headLearningRate: 5e-4 };
      const { extractor } = await trainAtlop(four, createOptions({ ...rates, backbone, epochs: 200, log }));
      useGraphs(before);
      extractor.dispose();
      return losses;
    };

    const [recorded, plain] = [await lossesOf(true), await lossesOf(false)];

    expect(plain).toHaveLength(200);
    expect(plain[199]).toBeLessThan(0.8 * (plain[0] as number));
    for (const [step, loss] of plain.entries()) expect(Math.abs((recorded[step] as number) - loss)).toBeLessThan(1e-4);
  });

  it("goes on after a stop as if there had been none", async () => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-atlop-"));
    const settings = { epochs: 3, batchSize: 4 };
    const lossesOf = async (changes: Partial<TrainAtlopOptions>, stopAfter = Infinity): Promise<number[]> => {
      const stop = new AbortController();
      const losses: number[] = [];
      const log: TrainAtlopOptions["log"] = (event) => {
        if (event.kind === "step" && losses.push(event.loss) === stopAfter) stop.abort();
      };
      const backbone = tinyBackbone(1, { dropout: 0.1 });
      const training = trainAtlop(
        documents,
        createOptions({ ...settings, backbone, log, signal: stop.signal, ...changes }),
      );
      await training.catch((error: unknown) => {
        if (!(error instanceof AbortedError)) throw error;
      });
      return losses;
    };

    const whole = await lossesOf({});
    const before = await lossesOf({ checkpoint: { directory, resume: true } }, 3);
    const after = await lossesOf({ checkpoint: { directory, resume: true } });

    expect([...before, ...after]).toEqual(whole);
    rmSync(directory, { recursive: true });
  });

  it("does not go on from a checkpoint of other documents, though they are as many", async () => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-atlop-"));
    const settings = { epochs: 1, checkpoint: { directory, resume: true } };
    const unrelated = documents.map((document, index) => (index === 3 ? { ...document, relations: [] } : document));
    const { extractor } = await trainAtlop(documents, createOptions(settings));
    extractor.dispose();

    const training = trainAtlop(unrelated, createOptions(settings));

    await expect(training).rejects.toThrow(CheckpointError);
    await expect(training).rejects.toThrow(/whose documents\.sha256 is "[0-9a-f]{64}", got "[0-9a-f]{64}"\./);
    rmSync(directory, { recursive: true });
  });

  it("refuses documents without labels", async () => {
    const unlabelled = documents.map((document, index) => ({ ...document, labelled: index !== 3 }));

    await expect(trainAtlop(unlabelled, createOptions())).rejects.toThrow(
      `documents must be labelled to train on, got "${documents[3]?.id}", which is not.`,
    );
    await expect(trainAtlop([], createOptions())).rejects.toThrow("documents must hold at least one to train on");
  });

  it("leaves nothing behind once its model is disposed of", async () => {
    const before = tf.memory().numTensors;

    const { extractor } = await trainAtlop(documents, createOptions({ epochs: 1 }));
    extractor.dispose();

    expect(tf.memory().numTensors).toBe(before);
  });
});
