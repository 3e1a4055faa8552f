// Trains each paper's tiny model and writes the losses as JSON, by paper. Run from the built packages.
// Arguments: engine (`graphs`, `eager`, `wasm`, `cpu`), size (`tiny`: 50 steps; `small`: matrices that two threads share).
import { definePureConfig, trainPureRelations } from "../../../packages/pure/dist/index.js";
import { defineAtlopConfig, trainAtlop } from "../../../packages/atlop/dist/index.js";
import { untrainedEncoder } from "../../../apps/benchmark/dist/untrained-encoder.js";
import { entityTypes, relationNames, sampleWorld, sentenceDocuments } from "../../../packages/datasets/dist/index.js";
import { syntheticDocuments } from "../../../packages/datasets/dist/testing.js";
import type { Backbone } from "../../../packages/encoders/dist/index.js";
import { tinyBackbone } from "../../../packages/encoders/dist/testing.js";
import { defineGainConfig, trainGain } from "../../../packages/gain/dist/index.js";
import { useGraphs } from "../../../packages/tensor-utils/dist/graph/index.js";
import { useEngine } from "../../../packages/tensor-utils/dist/native/index.js";
import type { FitOptions } from "../../../packages/tensor-utils/dist/train/index.js";

const [engine = "graphs", size = "tiny"] = process.argv.slice(2);
const isTiny = size === "tiny";

const documents = isTiny
  ? syntheticDocuments({ seed: 7, count: 2, relations: ["likes", "knows"] })
  : sampleWorld({ seed: 7, documents: 2 }).documents;
const labels = { relations: relationNames(documents), entityTypes: entityTypes(documents) };

/** One batch an epoch, so that there are few graphs; dropout takes part, where the paper has some. */
const recipe = {
  seed: 1,
  epochs: isTiny ? 50 : 6,
  batchSize: 2,
  encoderLearningRate: 1e-3,
  headLearningRate: 1e-3,
  warmup: 0.06,
};
const loadBackbone = (): Backbone => (isTiny ? tinyBackbone(1, { dropout: 0.1 }) : untrainedEncoder(1));

await useEngine(engine === "wasm" || engine === "cpu" ? engine : "native");
useGraphs({ enabled: engine === "graphs" });

const losses: Record<string, number[]> = {};
const log = (paper: string): NonNullable<FitOptions<never>["log"]> => {
  losses[paper] = [];
  return (event) => void (event.kind === "step" && losses[paper]?.push(event.loss));
};

const atlop = defineAtlopConfig({ relations: labels.relations, pairSize: 32, blockSize: 8 });
await trainAtlop(documents, { ...recipe, backbone: loadBackbone(), config: atlop, log: log("atlop") });

const gain = defineGainConfig({ relations: labels.relations, graphLayers: 1, maxEntities: 64, dropout: 0.2 });
await trainGain(documents, { ...recipe, backbone: loadBackbone(), config: gain, log: log("gain") });

const pure = definePureConfig({ ...labels, relationContextWords: 0, maxTokens: 128 });
const sentences = isTiny ? documents : sentenceDocuments(documents);
const stage = { ...recipe, batchSize: 64 };
await trainPureRelations(sentences, { ...stage, backbone: loadBackbone(), config: pure, log: log("pure") });

process.stdout.write(JSON.stringify(losses));
