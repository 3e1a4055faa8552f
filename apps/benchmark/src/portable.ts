import type { EngineKind } from "@relatum/tensor-utils/native";

import type { Experiment } from "./experiment.ts";

/** Layers of the encoder on an engine that is slow. */
const LAYERS = 2;

/** Documents on an engine that is slow. */
const DOCUMENTS = { train: 60, development: 15, test: 30 } as const;

/** Keeps the runs of cut-down experiments apart. */
const SUFFIX = "-portable";

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
    name: `${experiment.name}${SUFFIX}`,
    data: { ...data, documents },
    encoderLayers: LAYERS,
    differences: experiment.differences === undefined ? cut : `${experiment.differences}; ${cut}`,
  };
}

/** The name of the experiment that a cut-down one was made from; another name as it is. */
export function withoutPortable(name: string): string {
  return name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : name;
}
