import type { EngineKind } from "@relatum/tensor-utils/native";

import type { Experiment } from "./experiment.ts";

/** Encoder layers on an engine that is slow. */
const LAYERS = 2;

/** Most documents on an engine that is slow. */
const DOCUMENTS = { train: 60, development: 15, test: 30 } as const;

/** The encoder that has learnt nothing yet, for where none can be downloaded. */
export const UNTRAINED_ENCODER = "untrained";

/** From nothing there is more to learn than a pretrained encoder's rate allows. */
const UNTRAINED_LEARNING_RATE = 1e-3;

/** What the names of cut-down experiments end in, which keeps their runs apart. */
const SUFFIXES = /(-portable|-untrained)+$/;

/** What a machine has to offer to the quick suite. */
export interface Means {
  readonly engine: EngineKind;
  /** Whether the experiment's encoder is there or can be downloaded. */
  readonly hasEncoder: boolean;
}

/** A quick experiment as the machine can do it in minutes; `differences` says what was cut. */
export function fitQuick(experiment: Experiment, { engine, hasEncoder }: Means): Experiment {
  const whole = hasEncoder ? experiment : withoutPretraining(experiment);
  return engine === "wasm" || engine === "cpu" ? forSlowEngine(whole) : whole;
}

/** The name of the experiment that a cut-down one was made from; another name as it is. */
export function wholeName(name: string): string {
  return name.replace(SUFFIXES, "");
}

function withoutPretraining(experiment: Experiment): Experiment {
  const cut = "no pretrained encoder within reach: one of 2 small layers learns from nothing";
  const name = `${experiment.name}-untrained`;
  const training = { ...experiment.training, encoderLearningRate: UNTRAINED_LEARNING_RATE };
  return { ...experiment, ...addDifference(experiment, cut), name, encoder: UNTRAINED_ENCODER, training };
}

function forSlowEngine(experiment: Experiment): Experiment {
  const { data, encoder, portable, training } = experiment;
  if (!("dataset" in data)) return experiment;
  const { train, development, test } = data.documents ?? DOCUMENTS;
  const most = portable?.documents ?? DOCUMENTS;
  const documents = {
    train: Math.min(train, most.train),
    development: Math.min(development, most.development),
    test: Math.min(test, most.test),
  };
  const epochs = Math.min(training.epochs, portable?.epochs ?? training.epochs);
  const shorter = epochs < training.epochs ? `, ${epochs} epochs` : "";
  const cut = `portable engine: ${LAYERS} encoder layers, ${documents.train} training documents${shorter}`;
  return {
    ...experiment,
    ...addDifference(experiment, cut),
    name: `${experiment.name}-portable`,
    data: { ...data, documents },
    training: { ...training, epochs },
    ...(encoder !== UNTRAINED_ENCODER && { encoderLayers: LAYERS }),
  };
}

function addDifference({ differences }: Experiment, cut: string): { readonly differences: string } {
  return { differences: differences === undefined ? cut : `${differences}; ${cut}` };
}
