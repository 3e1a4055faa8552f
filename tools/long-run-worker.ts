// Trains, or reads a stream of new documents, for a while, and writes what the process holds as lines of JSON.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { PaperAdapter, PaperExtractor } from "../apps/benchmark/src/adapter.ts";
import { defaultPlaces, findAdapters, pickAdapter } from "../apps/benchmark/src/adapters.ts";
import type { CommandContext } from "../apps/benchmark/src/command-context.ts";
import { predictStream } from "../apps/benchmark/src/commands/predict-stream.ts";
import { defineExperiment, type Experiment } from "../apps/benchmark/src/experiment.ts";
import { type RunConfig, runFiles } from "../apps/benchmark/src/run-directory.ts";
import { TUNING_TOOLS } from "../apps/benchmark/src/scoring.ts";
import { untrainedEncoder } from "../apps/benchmark/src/untrained-encoder.ts";
import {
  type Document,
  entityTypes,
  formatDocred,
  relationNames,
  sampleWorld,
} from "../packages/datasets/src/index.ts";
import { useEngine } from "../packages/tensor-utils/src/native/index.ts";
import type { LongRunJob, LongRunSample } from "./long-run.ts";

const job = JSON.parse(process.argv[2] as string) as LongRunJob;
await useEngine((process.env["RELATUM_ENGINE"] ?? "auto") as Parameters<typeof useEngine>[0]);
const tf = await import("@tensorflow/tfjs");

const TRAINING_DOCUMENTS = 24;

/** Documents of the stream that come together. */
const GROUP = 8;

/** Numbers of a planted array: 512 KiB. */
const PLANTED = 2 ** 16;

const CONFIGS: Readonly<Record<LongRunJob["paper"], object>> = {
  atlop: { pairSize: 64, blockSize: 16 },
  gain: { graphLayers: 1, typeSize: 8, entityIdSize: 8 },
  // Both models at once.
  pure: { architecture: "shared", maxTokens: 128, entityContextWords: 0, relationContextWords: 0 },
};

const kept: unknown[] = [];
const start = performance.now();
const secondsGone = (): number => (performance.now() - start) / 1000;
let samples = 0;
let sampledAt = -Infinity;

/** Plants the defect, and writes down what is held: each time in short runs, once a second in long ones. */
function observe(done: number): void {
  if (job.leak === "tensor") tf.scalar(done);
  if (job.leak === "array") kept.push(new Float64Array(PLANTED).fill(done));
  const seconds = secondsGone();
  if (samples >= job.least && seconds - sampledAt < 1) return;
  samples += 1;
  sampledAt = seconds;
  globalThis.gc?.();
  const { rss: resident, heapUsed, arrayBuffers } = process.memoryUsage();
  const sample: LongRunSample = {
    seconds,
    done,
    resident,
    held: heapUsed + arrayBuffers,
    tensors: tf.memory().numTensors,
  };
  process.stdout.write(`${JSON.stringify(sample)}\n`);
}

const isOver = (): boolean => samples >= job.least && secondsGone() >= job.seconds;

function createExperiment(epochs: number): Experiment {
  const { paper } = job;
  return defineExperiment(
    {
      name: "long-run",
      paper,
      data: { dataset: "sample-world" },
      encoder: "untrained",
      config: CONFIGS[paper],
      training: { epochs, batchSize: 4, encoderLearningRate: 1e-4, headLearningRate: 1e-3, warmup: 0.06 },
    },
    "the experiment",
  );
}

async function train(
  adapter: PaperAdapter,
  documents: readonly Document[],
  {
    directory,
    epochs,
    signal,
    onStep,
  }: { directory: string; epochs: number; signal: AbortSignal; onStep?: () => void },
): Promise<PaperExtractor> {
  const experiment = createExperiment(epochs);
  // From the first evaluation on the best epoch's weights are held too: what comes before is not observed.
  let evaluated = false;
  const development = documents.slice(0, 4);
  return adapter.train(documents, experiment, {
    seed: 1,
    relations: relationNames(documents),
    entityTypes: entityTypes(documents),
    loadBackbone: async () => untrainedEncoder(),
    checkpoint: { directory: join(directory, "checkpoints"), resume: false, everySteps: 50 },
    signal,
    log: (event) => {
      evaluated ||= event.kind === "epoch";
      if (event.kind === "step" && evaluated) onStep?.();
    },
    evaluate: async (extractor) => {
      const tuned = (await adapter.tune?.(extractor, development, TUNING_TOOLS)) ?? extractor;
      await tuned.extract(development);
      return 0;
    },
  });
}

async function trainLong(adapter: PaperAdapter, documents: readonly Document[], directory: string): Promise<void> {
  const stop = new AbortController();
  let steps = 0;
  const onStep = (): void => {
    observe((steps += 1));
    if (isOver()) stop.abort();
  };
  await train(adapter, documents, { directory, epochs: 1e6, signal: stop.signal, onStep }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
}

async function readLong(adapter: PaperAdapter, documents: readonly Document[], directory: string): Promise<void> {
  const stop = new AbortController();
  const extractor = await train(adapter, documents, { directory, epochs: 1, signal: stop.signal });
  const tuned = (await adapter.tune?.(extractor, documents.slice(0, 4), TUNING_TOOLS)) ?? extractor;
  const files = runFiles(directory);
  await tuned.save(files.model);
  const config: RunConfig = {
    experiment: createExperiment(1),
    seed: 1,
    dataset: "sample-world",
    data: {},
    relations: relationNames(documents),
    engine: "native",
    versions: {},
    command: "",
  };
  await writeFile(files.config, JSON.stringify(config));
  tuned.dispose();

  let [seed, done] = [0, 0];
  const input = (async function* () {
    while (!isOver()) {
      const read = sampleWorld({ seed: (seed += 1), documents: GROUP, split: "test" }).documents;
      yield new TextEncoder().encode(
        formatDocred(read)
          .map((one) => `${JSON.stringify(one)}\n`)
          .join(""),
      );
    }
  })();
  const write = async (text: string): Promise<boolean> => {
    observe((done += text.split("\n").length - 1));
    return true;
  };
  const context: CommandContext = {
    signal: stop.signal,
    command: "",
    terminal: { out: () => undefined, notice: () => undefined, status: () => undefined, clear: () => undefined },
    startEngine: async () => ({ engine: "native", notice: "" }),
    findAdapters: async () => [adapter],
  };
  await predictStream(directory, { format: "docred" }, context, { input, write });
}

const directory = await mkdtemp(join(tmpdir(), "relatum-long-run-"));
try {
  await mkdir(directory, { recursive: true });
  const adapter = pickAdapter(await findAdapters(defaultPlaces(), job.paper), job.paper);
  const { documents } = sampleWorld({ seed: 1, documents: TRAINING_DOCUMENTS });
  await (job.part === "training" ? trainLong : readLong)(adapter, documents, directory);
} finally {
  await rm(directory, { recursive: true, force: true });
}
