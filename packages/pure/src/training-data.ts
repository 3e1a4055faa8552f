import type { Document } from "@relatum/datasets";
import type { TrainSettings } from "@relatum/tensor-utils/train";

import type { PureConfig } from "./config.ts";

/**
 * Checks that documents can be learnt from.
 *
 * @throws {RangeError} If there is none, or one is unlabelled.
 */
export function requireLabelled(documents: readonly Document[]): void {
  if (documents.length === 0) throw new RangeError("documents must hold at least one to train on, got none.");
  const unlabelled = documents.find(({ labelled }) => !labelled);
  if (unlabelled !== undefined) {
    throw new RangeError(`documents must be labelled to train on, got "${unlabelled.id}", which is not.`);
  }
}

/** What must be the same for a run to go on from a checkpoint. */
export function fingerprint(
  model: "entity" | "relation" | "shared" | "joint",
  options: TrainSettings & { readonly config: PureConfig },
  documentCount: number,
): Readonly<Record<string, string>> {
  const { config, seed, epochs, batchSize, accumulate = 1, warmup, checkpoint } = options;
  return {
    paper: "pure",
    model,
    config: JSON.stringify(config),
    training: JSON.stringify({ seed, epochs, batchSize, accumulate, warmup }),
    documents: String(documentCount),
    ...checkpoint?.fingerprint,
  };
}
