import { type Document, documentsHash } from "@relatum/datasets";
import type { Random } from "@relatum/tensor-utils";
import {
  type AdamW,
  batchMemory,
  type BatchPart,
  fit,
  type FitReport,
  runFingerprint,
  type Trainable,
  type TrainSettings,
} from "@relatum/tensor-utils/train";

import type { PureConfig } from "./config.ts";
import type { PureExtractor } from "./extractor.ts";
import { DEFAULT_MEMORY_BUDGET } from "./memory.ts";
import { type LabelledSpan, spansHash } from "./spans.ts";

/** What trains one model, or two at once. */
export interface FitStage<Batch> {
  readonly name: "entity" | "relation" | "shared" | "joint";
  readonly model: Trainable<Batch>;
  /** Holds the model; is disposed of if training fails. */
  readonly extractor: PureExtractor;
  /** Is disposed of in any case. */
  readonly optimizer: AdamW;
  readonly random: Random;
  /** As `fit` takes them. */
  batches(epoch: number): Iterable<readonly BatchPart<Batch>[]>;
  /** What is trained on. */
  readonly documents: readonly Document[];
  /** The spans that are paired, where they do not follow from the documents. */
  readonly spans?: readonly (readonly (readonly LabelledSpan[])[])[];
}

/** The settings that {@link fitStage} passes on. */
export interface FitStageOptions extends TrainSettings {
  readonly config: PureConfig;
  readonly evaluate?: (extractor: PureExtractor) => Promise<number>;
}

/** Trains by the settings, with a checkpoint that other settings or data refuse. */
export async function fitStage<Batch>(
  stage: FitStage<Batch>,
  options: FitStageOptions,
): Promise<{ extractor: PureExtractor; report: FitReport }> {
  const { model, extractor, optimizer, random, batches } = stage;
  const { epochs, accumulate = 1, evaluate, checkpoint } = options;
  try {
    const report = await fit(model, {
      epochs,
      optimizer,
      accumulate,
      random: random.fork("noise"),
      batches,
      ...(evaluate && { evaluate: () => evaluate(extractor) }),
      ...(checkpoint && {
        checkpoint: { ...checkpoint, fingerprint: runFingerprint(options, await subjectOf(stage)) },
      }),
      ...(options.log && { log: options.log.bind(options) }),
      ...(options.signal && { signal: options.signal }),
    });
    return { extractor, report };
  } catch (error) {
    extractor.dispose();
    throw error;
  } finally {
    optimizer.dispose();
  }
}

/** What the tensors of a batch may take, in bytes, in training and in the extraction between epochs. */
export function memoryBudgets(
  model: Pick<Trainable<never>, "parameters">,
  { memory }: Pick<TrainSettings, "memory">,
): { readonly training: number; readonly extraction: number } {
  const training = memory === undefined ? Infinity : batchMemory(model, memory);
  return { training, extraction: Math.min(DEFAULT_MEMORY_BUDGET, training) };
}

/** What is trained and on what. */
async function subjectOf({
  name,
  documents,
  spans,
}: Pick<FitStage<never>, "name" | "documents" | "spans">): Promise<Readonly<Record<string, string>>> {
  return {
    paper: "pure",
    model: name,
    documents: String(documents.length),
    "documents.sha256": await documentsHash(documents),
    ...(spans && { "spans.sha256": await spansHash(spans) }),
  };
}
