import { entityTypes } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { useGraphs } from "@relatum/tensor-utils/graph";
import type { StepEvent, TrainSettings } from "@relatum/tensor-utils/train";
import { describe, expect, it } from "vitest";

import { definePureConfig, type PureConfig } from "./config.ts";
import { LEAST_SPANS } from "./entity-batch.ts";
import { featurizePureEntityDocuments } from "./entity-features.ts";
import { trainPureEntities } from "./train-entities.ts";
import { trainPureJoint } from "./train-joint.ts";
import { featurizePairs, trainPureRelations } from "./train-relations.ts";
import { trainPureShared } from "./train-shared.ts";
import { entityParts, relationParts, sharedParts } from "./training-memory.ts";

const relations = ["likes", "knows"];
const documents = syntheticDocuments({ seed: 7, count: 4, relations });

function createConfig(settings: Partial<PureConfig> = {}): PureConfig {
  return definePureConfig({
    entityTypes: entityTypes(documents),
    relations,
    maxSpanWords: 3,
    headSize: 16,
    widthEmbeddingSize: 8,
    headDropout: 0,
    outputDropout: 0,
    maxTokens: 64,
    ...settings,
  });
}

const joint = { architecture: "joint", relationInput: "text", relationSpans: "pruned" } as const;
const approximate = { approximate: true, batchedTraining: true } as const;

/** Each training by its name: what a whole batch and one in parts must agree on. */
const TRAININGS = {
  entities: (settings: TrainSettings) =>
    trainPureEntities(documents, { ...settings, backbone: tinyBackbone(1), config: createConfig() }),
  relations: (settings: TrainSettings) =>
    trainPureRelations(documents, { ...settings, backbone: tinyBackbone(1), config: createConfig() }),
  "relations with markers behind": (settings: TrainSettings) =>
    trainPureRelations(documents, { ...settings, backbone: tinyBackbone(1), config: createConfig(approximate) }),
  shared: (settings: TrainSettings) => {
    const config = createConfig({ architecture: "shared" });
    return trainPureShared(documents, { ...settings, backbone: tinyBackbone(1), config, relationBatchSize: 8 });
  },
  joint: (settings: TrainSettings) =>
    trainPureJoint(documents, { ...settings, backbone: tinyBackbone(1), config: createConfig(joint) }),
};

describe("entityParts", () => {
  it("keeps a batch whole within an ample budget, and cuts it by sentences and by the spans of one", async () => {
    const backbone = tinyBackbone(1);
    const config = createConfig({ maxTokens: 512, headSize: 512 });
    const sentence = Array.from({ length: 480 }, () => "word");
    const [short] = documents;
    const long = { ...short, id: "long", sentences: [sentence], entities: [], relations: [] } as typeof short & object;
    const features = await featurizePureEntityDocuments([...documents, long], backbone.tokenizer, config);
    const last = features.at(-1) as (typeof features)[number];
    const wide = { ...last, spans: Array.from({ length: 8 }, () => last.spans).flat() };

    const whole = entityParts(features, { backbone, config }, Infinity);
    const parts = entityParts([...features, wide], { backbone, config }, 1);

    expect(whole).toHaveLength(1);
    expect(wide.spans.length).toBeGreaterThan(8 * LEAST_SPANS);
    expect(parts.length).toBeGreaterThan(features.length + 1);
    expect(parts.every(({ weight }) => weight === 1)).toBe(true);
  });
});

describe("relationParts", () => {
  it("weighs parts by their pairs, and cuts texts whose markers are longer than they", async () => {
    const backbone = tinyBackbone(1);
    const config = createConfig(approximate);
    const features = await featurizePairs(documents, { backbone, config });
    const [first] = features as [(typeof features)[number]];
    const many = { ...first, pairs: Array.from({ length: 64 }, () => first.pairs).flat() };

    const parts = relationParts([...features, many], { backbone, config }, 1);

    expect(parts.length).toBeGreaterThan(features.length + 1);
    expect(parts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  });
});

describe("sharedParts", () => {
  it("takes sentences and texts apart where both do not fit", async () => {
    const backbone = tinyBackbone(1);
    const config = createConfig({ architecture: "shared" });
    const sentences = await featurizePureEntityDocuments(documents, backbone.tokenizer, config);
    const texts = await featurizePairs(documents, { backbone, config });

    const whole = sharedParts({ sentences, texts }, { backbone, config }, Infinity);
    const parts = sharedParts({ sentences, texts }, { backbone, config }, 1);

    expect(whole).toHaveLength(1);
    expect(parts).toHaveLength(sentences.length + texts.length);
  });
});

describe("training PURE within a small memory", () => {
  it.each(Object.entries(TRAININGS))("takes the same steps: %s", { timeout: 120_000 }, async (_, train) => {
    const stepsOf = async (memory?: number): Promise<StepEvent[]> => {
      const steps: StepEvent[] = [];
      const before = useGraphs({ enabled: false }); // each shape of parts is taken a few times only
      const { extractor } = await train({
        seed: 1,
        epochs: 1,
        batchSize: 8,
        encoderLearningRate: 1e-3,
        headLearningRate: 1e-3,
        warmup: 0.1,
        ...(memory !== undefined && { memory }),
        log: (event) => void (event.kind === "step" && steps.push(event)),
      });
      useGraphs(before);
      extractor.dispose();
      return steps;
    };

    const whole = await stepsOf();
    const split = await stepsOf(1);

    expect(split).toHaveLength(whole.length);
    for (const [index, { loss, gradientNorm }] of split.entries()) {
      expect(Math.abs(loss / (whole[index]?.loss as number) - 1)).toBeLessThan(1e-6 * (index + 1));
      expect(Math.abs(gradientNorm / (whole[index]?.gradientNorm as number) - 1)).toBeLessThan(1e-4);
    }
  });
});
