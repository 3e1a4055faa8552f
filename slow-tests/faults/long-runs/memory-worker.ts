// Learns from, or reads, documents of one growth case, and writes what came of it and what memory it took as JSON.
import { readFileSync } from "node:fs";

import { GROWTH_RELATIONS, growthDocuments } from "../../../apps/benchmark/src/speed/growth-documents.ts";
import { AtlopExtractor, AtlopModel, defineAtlopConfig, trainAtlop } from "../../../packages/atlop/src/index.ts";
import { featurizeAtlopDocuments } from "../../../packages/atlop/src/features.ts";
import { atlopTrainingBytes } from "../../../packages/atlop/src/training-memory.ts";
import type { Document } from "../../../packages/datasets/src/index.ts";
import { type Backbone, BertEncoder } from "../../../packages/encoders/src/index.ts";
import { tinyBackbone } from "../../../packages/encoders/src/testing.ts";
import { defineGainConfig, GainExtractor, GainModel, trainGain } from "../../../packages/gain/src/index.ts";
import { featurizeGainDocuments } from "../../../packages/gain/src/features.ts";
import { gainTrainingBytes } from "../../../packages/gain/src/training-memory.ts";
import {
  definePureConfig,
  PureEntityModel,
  PureExtractor,
  trainPureEntities,
} from "../../../packages/pure/src/index.ts";
import { createRandom } from "../../../packages/tensor-utils/src/index.ts";
import { useEngine } from "../../../packages/tensor-utils/src/native/index.ts";
import type { StepEvent } from "../../../packages/tensor-utils/src/train/index.ts";

/** What is to be done. */
export interface MemoryJob {
  readonly paper: "atlop" | "gain" | "pure";
  readonly part: "training" | "inference";
  /** Words of each document. */
  readonly words: number;
  readonly entities: number;
  readonly documents: number;
  /** Bytes for all of training, or for a batch in inference; no limit without it. */
  readonly memory?: number;
}

/** What came of it. */
export interface MemoryResult {
  /** The loss of a step, or every score. */
  readonly values: readonly number[];
  /** The most resident memory. */
  readonly peak: number;
  /** Bytes of the weights. */
  readonly weights: number;
  /** What the paper's package says that a step on all documents takes, in bytes, where it says so. */
  readonly estimate?: number;
}

const job = JSON.parse(process.argv[2] as string) as MemoryJob;
await useEngine("native");

// PURE's spans are as wide as two of the encoder's vectors: wide and shallow, they take more than the text.
const SIZES =
  job.paper === "pure"
    ? { hiddenSize: 768, layers: 1, heads: 12, intermediateSize: 3072 }
    : { hiddenSize: 192, layers: 4, heads: 12, intermediateSize: 768 };

const encoder = new BertEncoder(
  {
    ...SIZES,
    family: "bert",
    vocabularySize: 512,
    maxPositions: 512,
    typeVocabularySize: 2,
    dropout: 0,
    attentionDropout: 0,
    layerNormEpsilon: 1e-12,
    activation: "gelu",
    padId: 0,
  },
  createRandom(1),
);
const backbone: Backbone = { ...tinyBackbone(1), encoder };

// A step learns from all documents; with one sentence a document, PURE's window is all of it.
const made = growthDocuments(job);
const documents: readonly Document[] = made.map((document) =>
  job.paper === "pure"
    ? { ...document, sentences: [document.sentences.flat()], entities: [], relations: [] }
    : document,
);

const steps: StepEvent[] = [];
const settings = {
  backbone,
  seed: 1,
  epochs: 1,
  batchSize: job.documents,
  encoderLearningRate: 1e-4,
  headLearningRate: 1e-4,
  warmup: 0,
  ...(job.memory !== undefined && { memory: job.memory }),
  log: (event: { readonly kind: string }) => void (event.kind === "step" && steps.push(event as StepEvent)),
};
const memoryBudget = job.memory ?? Number.POSITIVE_INFINITY;

async function learnOrRead(): Promise<Pick<MemoryResult, "values" | "estimate">> {
  const relations = GROWTH_RELATIONS;
  const random = createRandom(1);
  const trained = (estimate?: number): Pick<MemoryResult, "values" | "estimate"> => ({
    values: steps.map(({ loss }) => loss),
    ...(estimate !== undefined && { estimate }),
  });
  const listScores = (found: readonly { readonly score: number }[]): Pick<MemoryResult, "values"> => ({
    values: found.map(({ score }) => score),
  });
  switch (job.paper) {
    case "atlop": {
      const config = defineAtlopConfig({ relations, pairSize: 256, maxTokens: job.words });
      if (job.part === "inference") {
        const extractor = new AtlopExtractor(new AtlopModel(config, backbone, random), backbone, config, {
          memoryBudget,
        });
        return listScores(await extractor.scoreAll(documents));
      }
      const features = await featurizeAtlopDocuments(documents, backbone.tokenizer, config);
      const { text, pairs } = atlopTrainingBytes(features, { backbone, config });
      await trainAtlop(documents, { ...settings, config });
      return trained(text + pairs);
    }
    case "gain": {
      const config = defineGainConfig({
        relations,
        maxTokens: job.words,
        maxEntities: job.entities + 1,
        dropout: 0,
        negativesPerPositive: null,
      });
      if (job.part === "inference") {
        const extractor = new GainExtractor(new GainModel(config, backbone, random), backbone, config, {
          memoryBudget,
        });
        return listScores(await extractor.scoreAll(documents));
      }
      const features = await featurizeGainDocuments(documents, backbone.tokenizer, config);
      const { text, pairs } = gainTrainingBytes(features, { encoder, tokenizer: backbone.tokenizer, config });
      await trainGain(documents, { ...settings, config });
      return trained(text + pairs);
    }
    case "pure": {
      const config = definePureConfig({
        relations,
        entityTypes: ["MISC"],
        maxSpanWords: 12,
        maxTokens: 512,
        headDropout: 0,
        outputDropout: 0,
      });
      if (job.part === "inference") {
        const entity = { model: new PureEntityModel(config, backbone, random), backbone };
        const extractor = new PureExtractor({ config, entity }, { memoryBudget });
        return listScores((await extractor.scoreSpans(documents)).flat(2));
      }
      await trainPureEntities(documents, { ...settings, config });
      return trained();
    }
  }
}

const weights = [...encoder.parameters().values()].reduce((sum, { size }) => sum + 4 * size, 0);
const found = await learnOrRead();
const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
process.stdout.write(JSON.stringify({ ...found, weights, peak: Number(kilobytes) * 1024 } satisfies MemoryResult));
