import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Document, entityTypes } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom } from "@relatum/tensor-utils";
import { AbortedError, CheckpointError } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { definePureConfig, type PureConfig } from "./config.ts";
import { PureEntityModel } from "./entity-model.ts";
import type { PureExtractor, PurePart } from "./extractor.ts";
import { type LabelledSpan, labelledSpans } from "./spans.ts";
import { type PureStage, trainPure, type TrainPureOptions } from "./train.ts";
import { trainPureRelations } from "./train-relations.ts";

const relations = ["likes", "knows"];
const documents = syntheticDocuments({ seed: 7, count: 8, relations });

/** Two documents that say the same. */
const twins = [documents[0] as Document, { ...(documents[0] as Document), id: "twin" }];

function createConfig(settings: Partial<PureConfig> = {}): PureConfig {
  return definePureConfig({
    entityTypes: entityTypes(documents),
    relations,
    maxSpanWords: 3,
    headSize: 64,
    widthEmbeddingSize: 8,
    entityContextWords: 16,
    relationContextWords: 0,
    typeEmbeddingSize: 8,
    headDropout: 0,
    outputDropout: 0,
    maxTokens: 64,
    ...settings,
  });
}

const recipe = { batchSize: 64, encoderLearningRate: 3e-3, headLearningRate: 1e-2, warmup: 0.1 };

function createOptions(
  changes: Partial<TrainPureOptions> = {},
  epochs: [number, number] = [160, 80],
): TrainPureOptions {
  return {
    config: createConfig(),
    loadBackbone: async () => tinyBackbone(1),
    entity: { ...recipe, epochs: epochs[0] },
    relation: { ...recipe, epochs: epochs[1] },
    seed: 1,
    ...changes,
  };
}

/** What the documents' labels say, in the form of an extraction's keys. */
function goldKeys(labelled: readonly Document[]): { spans: Set<string>; relations: Set<string> } {
  const spans = new Set<string>();
  const found = new Set<string>();
  for (const { id, entities, relations: facts } of labelled) {
    for (const { mentions } of entities) {
      for (const { sentence, start, end, type } of mentions) spans.add(`${id} ${sentence} ${start} ${end} ${type}`);
    }
    for (const { head, tail, relation } of facts) {
      for (const from of entities[head]?.mentions ?? []) {
        for (const to of entities[tail]?.mentions ?? []) {
          if (from.sentence === to.sentence) found.add(`${id} ${from.sentence} ${from.start} ${to.start} ${relation}`);
        }
      }
    }
  }
  return { spans, relations: found };
}

/** An entity model that has learnt nothing. */
function createEntityPart(config: PureConfig, seed: number): PurePart<PureEntityModel> {
  const backbone = tinyBackbone(seed);
  return { model: new PureEntityModel(config, backbone, createRandom(seed)), backbone };
}

async function foundKeys(extractor: PureExtractor): Promise<{ spans: Set<string>; relations: Set<string> }> {
  const { spans, relations: found } = await extractor.extract(documents);
  return {
    spans: new Set(spans.map((span) => `${span.documentId} ${span.sentence} ${span.start} ${span.end} ${span.type}`)),
    relations: new Set(
      found.map(({ documentId, head, tail, relation }) => {
        return `${documentId} ${head.sentence} ${head.start} ${tail.start} ${relation}`;
      }),
    ),
  };
}

describe("trainPure", () => {
  it("learns eight documents by heart within 160 and 80 steps", async () => {
    const stages: PureStage[] = [];
    const log: TrainPureOptions["log"] = ({ kind, stage }) => void (kind === "step" && stages.push(stage));

    const { extractor, reports } = await trainPure(documents, createOptions({ log }));

    expect(await foundKeys(extractor)).toEqual(goldKeys(documents));
    expect([reports.entity?.steps, reports.relation.steps]).toEqual([160, 80]);
    expect(stages.indexOf("relation")).toBe(160);
  });

  it.each([
    ["approximate", { approximate: true, batchedTraining: true, entitySource: "given" }],
    ["shared encoder", { architecture: "shared" }],
    ["pruned spans", { relationSpans: "pruned" }],
    ["the joint baseline", { architecture: "joint", relationInput: "text" }],
  ] as const)("learns them too with %s", async (_, settings) => {
    const { extractor } = await trainPure(documents, createOptions({ config: createConfig(settings) }, [240, 80]));

    expect(await foundKeys(extractor)).toEqual(goldKeys(documents));
  });

  it("trains on what models of the other documents find", async () => {
    const config = createConfig({ relationSpans: "jack-knifed" });
    const steps = new Map<PureStage, number>();
    const log: TrainPureOptions["log"] = ({ kind, stage }) => {
      if (kind === "step") steps.set(stage, (steps.get(stage) ?? 0) + 1);
    };

    await trainPure(twins, createOptions({ config, log }, [80, 2]));

    expect(Object.fromEntries(steps)).toEqual({ entity: 80, fold: 160, relation: 2 });
  });

  it("says so where there are no pairs to train on", async () => {
    const { config, relation } = createOptions();
    const spans = documents.map(() => []);

    const training = trainPureRelations(documents, { ...relation, config, spans, backbone: tinyBackbone(1), seed: 1 });

    await expect(training).rejects.toThrow("documents must have pairs of entities to train on, got none.");
  });

  it("gives back the epochs that scored best", async () => {
    const scores = { entity: [0.1, 0.9, 0.3], relation: [0.5, 0.4, 0.6] };

    const { reports } = await trainPure(
      documents,
      createOptions({ evaluate: async (_, stage) => scores[stage as "entity" | "relation"].shift() as number }, [3, 3]),
    );

    expect([reports.entity?.bestEpoch, reports.relation.bestEpoch]).toEqual([2, 3]);
  });

  it("goes on after a stop in either model as if there had been none", async () => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-pure-"));
    const checkpoint = { directory, resume: true };

    const whole = await lossesOf({});
    const first = await lossesOf({ checkpoint }, 3);
    const second = await lossesOf({ checkpoint }, 3);
    const third = await lossesOf({ checkpoint });

    // Two batches an epoch: four steps of the entity model, then as many of the relation model.
    expect(whole).toHaveLength(8);
    expect([first, second, third]).toEqual([whole.slice(0, 3), whole.slice(3, 6), whole.slice(6)]);
    expect(await lossesOf({ seed: 2 })).not.toEqual(whole);
    rmSync(directory, { recursive: true });
  });

  it("does not go on from a checkpoint of other documents, though they are as many", async () => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-pure-"));
    const checkpoint = { directory, resume: true };
    const unrelated = documents.map((document, index) => (index === 3 ? { ...document, relations: [] } : document));
    const { extractor } = await trainPure(documents, createOptions({ checkpoint }, [1, 1]));
    extractor.dispose();

    const training = trainPure(unrelated, createOptions({ checkpoint }, [1, 1]));

    await expect(training).rejects.toThrow(CheckpointError);
    await expect(training).rejects.toThrow(/whose documents\.sha256 is "[0-9a-f]{64}", got "[0-9a-f]{64}"\./);
    rmSync(directory, { recursive: true });
  });

  it("does not go on from a checkpoint of other spans", async () => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-pure-"));
    const { config, relation } = createOptions({}, [1, 1]);
    const gold = documents.map((document) => labelledSpans(document, config.entityTypes));
    const relabelled = gold.map((sentences) => sentences.map((spans) => spans.map((span) => ({ ...span, label: 1 }))));
    const train = async (spans?: LabelledSpan[][][]): Promise<void> => {
      const { extractor } = await trainPureRelations(documents, {
        ...relation,
        ...(spans && { spans }),
        config,
        backbone: tinyBackbone(1),
        seed: 1,
        checkpoint: { directory, resume: true },
      });
      extractor.dispose();
    };
    await train(gold);

    await train(structuredClone(gold));
    await expect(train(relabelled)).rejects.toThrow(CheckpointError);
    await expect(train(relabelled)).rejects.toThrow(/whose spans\.sha256 is "[0-9a-f]{64}", got "[0-9a-f]{64}"\./);
    await expect(train()).rejects.toThrow(/whose spans\.sha256 is not given, got "[0-9a-f]{64}"\./);
    rmSync(directory, { recursive: true });
  });

  it("does not go on from a checkpoint of what another entity model left", async () => {
    const directory = mkdtempSync(join(tmpdir(), "relatum-pure-"));
    const config = createConfig({ relationSpans: "pruned" });
    const train = async (seed: number): Promise<void> => {
      const entityPart = createEntityPart(config, seed);
      const checkpoint = { directory, resume: true };
      const { extractor } = await trainPure(documents, createOptions({ config, entityPart, checkpoint }, [1, 1]));
      extractor.dispose();
    };
    await train(1);

    await train(1);
    await expect(train(2)).rejects.toThrow(/whose spans\.sha256 is "[0-9a-f]{64}", got "[0-9a-f]{64}"\./);
    rmSync(directory, { recursive: true });
  });

  it("refuses documents without labels, and names that the config lacks", async () => {
    const unlabelled = documents.map((document, index) => ({ ...document, labelled: index !== 3 }));
    const config = createConfig({ entityTypes: ["PER", "ORG"] });

    await expect(trainPure(unlabelled, createOptions())).rejects.toThrow(
      `documents must be labelled to train on, got "${documents[3]?.id}", which is not.`,
    );
    await expect(trainPure([], createOptions())).rejects.toThrow("documents must hold at least one to train on");
    await expect(trainPure(documents, createOptions({ config }))).rejects.toThrow(
      'entityTypes must hold the type of every entity, got "LOC"',
    );
  });

  it.each([{}, { architecture: "shared" }, { relationSpans: "pruned" }] as const)(
    "leaves nothing behind once its model is disposed of: %j",
    async (settings) => {
      const before = tf.memory().numTensors;

      const { extractor } = await trainPure(documents, createOptions({ config: createConfig(settings) }, [1, 1]));
      extractor.dispose();

      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it("leaves nothing behind where it fails", async () => {
    const before = tf.memory().numTensors;
    const config = createConfig({ relations: ["likes"] });

    await expect(trainPure(documents, createOptions({ config }, [1, 1]))).rejects.toThrow(/relations must hold every/);

    expect(tf.memory().numTensors).toBe(before);
  });
});

/** The losses of a short training, which may be stopped after some steps. */
async function lossesOf(changes: Partial<TrainPureOptions>, stopAfter = Infinity): Promise<number[]> {
  const stop = new AbortController();
  const losses: number[] = [];
  const sentences = documents.flatMap((document) => document.sentences).length;
  const recipes = [sentences / 2, sentences].map((batchSize) => ({
    ...recipe,
    epochs: 2,
    batchSize: Math.ceil(batchSize),
  }));
  const training = trainPure(
    documents,
    createOptions({
      config: createConfig({ headDropout: 0.2, outputDropout: 0.1 }),
      entity: recipes[0] as TrainPureOptions["entity"],
      relation: recipes[1] as TrainPureOptions["relation"],
      loadBackbone: async () => tinyBackbone(1, { dropout: 0.1 }),
      log: (event) => {
        if (event.kind === "step" && losses.push(event.loss) === stopAfter) stop.abort();
      },
      signal: stop.signal,
      ...changes,
    }),
  );
  await training.catch((error: unknown) => {
    if (!(error instanceof AbortedError)) throw error;
  });
  return losses;
}
