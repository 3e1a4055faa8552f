import { dirname } from "node:path";

import { type HostileReader, readAsFile } from "../../../../tools/hostile-readers.ts";
import { ExperimentError, loadExperiment } from "../experiment.ts";
import { readPredictions } from "../read-predictions.ts";
import { readResults } from "../results.ts";
import { readRunConfig, readRunScores, RunDirectoryError } from "../run-directory.ts";
import { readRunLog } from "../run-log.ts";
import { readSpeed } from "../speed/speed-results.ts";
import { SpeedError } from "../speed/speed-error.ts";
import { secondsPerStep } from "../step-time.ts";

const EXPERIMENT = {
  name: "mine",
  paper: "toy",
  variant: "full",
  suite: "own",
  seeds: [1],
  data: { name: "Mine", format: "docred", train: "train.json", development: "dev.json" },
  encoder: "all-MiniLM-L6-v2",
  config: { pairSize: 8 },
  training: { epochs: 2, batchSize: 4, encoderLearningRate: 1e-4, headLearningRate: 5e-4, warmup: 0.06 },
  selection: "f1",
};

const RUN_CONFIG = {
  experiment: EXPERIMENT,
  seed: 1,
  dataset: "Mine",
  data: { train: "ab12" },
  relations: ["likes"],
  engine: "native",
  versions: { node: "v20" },
  command: "relatum-bench train mine.json",
};

const SPLIT = { documents: 4, counts: { correct: 1, predicted: 2, gold: 3 }, metrics: { F1: 40, "Ign F1": 30 } };

const ENTITY_LINE = { id: "a", relations: [{ head: 0, tail: 1, relation: "likes", score: 0.5, headName: "Ada" }] };

const SPAN = { sentence: 0, start: 0, end: 1 };
const SPAN_LINE = {
  id: "b",
  spans: [{ ...SPAN, type: "PER", score: 0.9, name: "Ada" }],
  relations: [{ head: SPAN, tail: SPAN, relation: "likes", score: 0.5, headName: "Ada", headType: "PER" }],
};

const RESULT = {
  model: "Toy",
  variant: "full",
  dataset: "Mine",
  split: "test",
  encoder: "tiny",
  metric: "F1",
  values: [40],
  mean: 40,
  command: "npm run bench",
  experiment: "mine",
  seeds: [1],
  differences: [],
};

const SPEED = {
  case: "encode",
  peer: "torch",
  ratio: 0.5,
  memoryRatio: 1,
  oursSeconds: 1,
  peerSeconds: 2,
};

const LOG = [
  { time: "2026-01-01T00:00:00.000Z", kind: "step", epoch: 1, step: 1, loss: 0.5 },
  { time: "2026-01-01T00:00:02.000Z", kind: "step", epoch: 1, step: 2, loss: 0.4 },
  { time: "2026-01-01T00:00:03.000Z", kind: "epoch", epoch: 1, score: 0.4 },
];

const linesOf = (values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");

/** Reads a file of a run directory through what is given the directory. */
const inRun =
  (name: string, read: (directory: string) => Promise<unknown>) =>
  (bytes: Uint8Array): Promise<unknown> =>
    readAsFile(`run/${name}`, bytes, (path) => read(dirname(path)));

const runFile = { errors: [RunDirectoryError], form: "json" } as const;

/** All readers of files of this package. */
export const HOSTILE_READERS: readonly HostileReader[] = [
  {
    name: "experiment",
    form: "json",
    seeds: [JSON.stringify(EXPERIMENT), JSON.stringify({ ...EXPERIMENT, data: { dataset: "sample-world" } })],
    errors: [ExperimentError],
    place: /hostile-\w+\/mine\.json must /,
    read: (bytes) => readAsFile("mine.json", bytes, loadExperiment),
  },
  {
    ...runFile,
    name: "predictions",
    form: "json-lines",
    seeds: [linesOf([ENTITY_LINE, { id: "b", relations: [] }]), linesOf([SPAN_LINE])],
    words: ["\n", "[", "]", "{"],
    place: /hostile-\w+\/predictions\.jsonl/,
    read: async (bytes) => {
      const { relations } = await readAsFile("predictions.jsonl", bytes, readPredictions);
      for (const { documentId, relation, score } of relations) {
        if (typeof documentId !== "string" || typeof relation !== "string" || typeof score !== "number") {
          throw new TypeError("Predictions that are read must be sound, got others.");
        }
      }
    },
  },
  {
    ...runFile,
    name: "config.json of a run",
    seeds: [JSON.stringify(RUN_CONFIG)],
    place: /hostile-\w+\/run\/config\.json/,
    read: inRun("config.json", async (directory) => {
      const { experiment, data, seed } = await readRunConfig(directory);
      if (typeof experiment.paper !== "string" || typeof seed !== "number" || typeof data !== "object") {
        throw new TypeError("A run's config that is read must be sound, got another.");
      }
    }),
  },
  {
    ...runFile,
    name: "scores.json of a run",
    seeds: [JSON.stringify({ development: SPLIT, test: SPLIT })],
    place: /hostile-\w+\/run\/scores\.json/,
    read: inRun("scores.json", async (directory) => {
      const { development } = await readRunScores(directory);
      if (Object.values(development.metrics).some((metric: unknown) => metric !== null && typeof metric !== "number")) {
        throw new TypeError("Scores that are read must be numbers or nothing, got others.");
      }
    }),
  },
  {
    ...runFile,
    name: "results.json",
    seeds: [JSON.stringify([RESULT])],
    place: /hostile-\w+\/run\/results\.json/,
    read: inRun("results.json", async (directory) => {
      for (const { values } of await readResults(directory)) {
        if (values.some((value: unknown) => value !== null && typeof value !== "number")) throw new TypeError("Values must be numbers.");
      }
    }),
  },
  {
    ...runFile,
    name: "log of a run",
    form: "json-lines",
    seeds: [linesOf(LOG)],
    words: ["\n", "{"],
    place: /hostile-\w+\/log\.jsonl/,
    read: (bytes) =>
      readAsFile("log.jsonl", bytes, async (path) => {
        for (const event of await readRunLog(path)) {
          if (typeof event.kind !== "string") throw new TypeError("Events that are read must have a kind.");
        }
        secondsPerStep(path);
      }),
  },
  {
    name: "speed",
    form: "json",
    seeds: [JSON.stringify([SPEED])],
    errors: [SpeedError],
    place: /hostile-\w+\/speed\.json/,
    read: (bytes) => readAsFile("speed.json", bytes, readSpeed),
  },
];
