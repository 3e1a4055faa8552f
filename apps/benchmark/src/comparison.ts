import type { PublishedResult, ReferenceResult } from "./adapter.ts";
import type { Experiment } from "./experiment.ts";
import type { RunConfig } from "./run-directory.ts";

/** Finds the paper's number for a row: with the same encoder and of the same split where there is one. */
export function findPublished(
  published: readonly PublishedResult[],
  { experiment, dataset: own }: Pick<RunConfig, "experiment" | "dataset">,
  split: string,
  metric: string,
): PublishedResult | undefined {
  const dataset = experiment.data.comparedWith ?? own;
  const fitting = published.filter(
    (result) => result.variant === experiment.variant && result.dataset === dataset && result.metric === metric,
  );
  const sameEncoder = fitting.filter(({ encoder }) => encoder === experiment.encoder);
  const candidates = sameEncoder.length > 0 ? sameEncoder : fitting;
  // A score of documents that chose the epoch stands beside a test score only where there is no better one.
  const others = "dataset" in experiment.data || experiment.data.test !== undefined ? [] : candidates;
  return candidates.find((result) => result.split === split) ?? others[0];
}

/** Finds what the authors' code reaches on the very same data with the very same encoder; its schedule may differ. */
export function findReference(
  references: readonly ReferenceResult[],
  { experiment, dataset }: Pick<RunConfig, "experiment" | "dataset">,
  split: string,
  metric: string,
): ReferenceResult | undefined {
  return references.find(
    (result) =>
      result.variant === experiment.variant &&
      result.dataset === dataset &&
      result.split === split &&
      result.metric === metric &&
      result.encoder === encoderName(experiment),
  );
}

/** Says in words how a row's encoder, data and recipe differ from those of the paper's number. */
export function differencesFrom(
  { experiment, dataset }: Pick<RunConfig, "experiment" | "dataset">,
  split: string,
  published: PublishedResult | undefined,
): readonly string[] {
  const own = experiment.differences === undefined ? [] : [experiment.differences];
  if (published === undefined) return own;
  const encoder = encoderName(experiment);
  return [
    ...(published.encoder === encoder ? [] : [`paper's encoder: ${published.encoder}`]),
    ...(published.dataset === dataset ? [] : [`paper's data: ${published.dataset}`]),
    ...(published.split === split ? [] : [`paper's split: ${published.split}`]),
    ...own,
  ];
}

/** What tables call the encoder of an experiment. */
export function encoderName({ encoder, encoderLayers }: Experiment): string {
  return encoderLayers === undefined ? encoder : `${encoder}, ${encoderLayers} layers`;
}
