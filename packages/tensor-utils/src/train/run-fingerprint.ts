import type { TrainSettings } from "./fit-options.ts";

/** What {@link runFingerprint} reads of a run's settings. */
export interface FingerprintSettings extends Pick<
  TrainSettings,
  "seed" | "epochs" | "batchSize" | "batching" | "accumulate" | "warmup" | "checkpoint"
> {
  /** The model's, of plain values. */
  readonly config: object;
}

/**
 * Gives the `fingerprint` of a run's checkpoints: what must be the same to go on from one.
 *
 * The learning rates are not in it, since `fit` adds what its optimizer is.
 *
 * @param subject What is trained and on what, by name: the paper, the documents.
 */
export function runFingerprint(
  { config, seed, epochs, batchSize, batching = "by-length", accumulate = 1, warmup, checkpoint }: FingerprintSettings,
  subject: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return {
    ...subject,
    config: JSON.stringify(config),
    training: JSON.stringify({ seed, epochs, batchSize, batching, accumulate, warmup }),
    ...checkpoint?.fingerprint,
  };
}
