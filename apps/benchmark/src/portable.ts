import type { EngineKind } from "@relatum/tensor-utils/native";

import type { Experiment } from "./experiment.ts";

/** Layers of the encoder on an engine that is slow. */
const LAYERS = 2;

/** Documents on an engine that is slow. */
const DOCUMENTS = { train: 60, development: 15, test: 30 } as const;

/** Whether an engine runs everywhere but slowly. */
export function isPortable(engine: EngineKind): boolean {
  return engine === "wasm" || engine === "cpu";
}

/** An experiment cut down to what a slow engine does in minutes; its `differences` say so. */
export function toPortable(experiment: Experiment): Experiment {
  const { data } = experiment;
  if (!("dataset" in data)) return experiment;
  const { train, development, test } = data.documents ?? DOCUMENTS;
  const documents = {
    train: Math.min(train, DOCUMENTS.train),
    development: Math.min(development, DOCUMENTS.development),
    test: Math.min(test, DOCUMENTS.test),
  };
  const cut = `portable engine: ${LAYERS} encoder layers, ${documents.train} training documents`;
  return {
    ...experiment,
    name: `${experiment.name}-portable`,
    data: { ...data, documents },
    encoderLayers: LAYERS,
    differences: experiment.differences === undefined ? cut : `${experiment.differences}; ${cut}`,
  };
}
