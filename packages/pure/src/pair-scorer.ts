import { type Document, withoutLabels } from "@relatum/datasets";
import type { Backbone, Encoder } from "@relatum/encoders";
import { INFERENCE } from "@relatum/tensor-utils";
import { record, type Recorded } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import { createMarkers } from "./markers.ts";
import { planBatches } from "./memory.ts";
import {
  collatePureRelations,
  featureTokens,
  type PureRelationInputTokens,
  type PureRelationPairs,
  textWidth,
} from "./relation-batch.ts";
import {
  featurizePureRelationDocuments,
  type PureLengthNotice,
  type PureRelationFeatures,
} from "./relation-features.ts";
import type { PureRelationModel } from "./relation-model.ts";
import type { SpanPair } from "./relation-pairs.ts";
import type { LabelledSpan } from "./spans.ts";

/** A pair of spans with what the relation model thinks of it. */
export interface ScoredPair extends SpanPair {
  readonly documentId: string;
  readonly sentence: number;
  /** Place of the likeliest relation in the config's `relations`, from 1; 0 = no relation. */
  readonly label: number;
  /** Its probability, 0–1. */
  readonly score: number;
}

/** How {@link PurePairScorer.score} works. */
export interface ScorePairsOptions {
  /** Bytes that the tensors of one batch may take. */
  readonly budget: number;
  /** Told of each sentence that does not fit into the model's input. */
  readonly notify?: (notice: PureLengthNotice) => void;
}

/**
 * Runs a relation model without dropout; on an engine with graphs, one graph for each size of input.
 *
 * The encoder is a graph of its own: it takes long to record, and does not depend on how many pairs there are.
 */
export class PurePairScorer {
  readonly #model: PureRelationModel;
  readonly #backbone: Pick<Backbone, "encoder" | "tokenizer">;
  readonly #encode: Recorded<PureRelationInputTokens>;
  readonly #classify: Recorded<{ readonly hidden: tf.Tensor3D; readonly pairs: PureRelationPairs }>;

  constructor(model: PureRelationModel, backbone: Pick<Backbone, "encoder" | "tokenizer">) {
    this.#model = model;
    this.#backbone = backbone;
    const variables = [...model.parameters().values()];
    this.#encode = record((input) => [model.encode(input, INFERENCE)], { variables });
    this.#classify = record(({ hidden, pairs }) => [model.classify(hidden, pairs, INFERENCE).logSoftmax(1)], {
      variables,
    });
  }

  /**
   * Gives each ordered pair of a sentence's spans its most likely relation; of equally likely ones the first.
   *
   * @param spans By document and sentence.
   * @returns Document after document, sentence after sentence.
   */
  async score(
    documents: readonly Document[],
    spans: readonly (readonly (readonly LabelledSpan[])[])[],
    { budget, notify }: ScorePairsOptions,
  ): Promise<ScoredPair[]> {
    const { config } = this.#model;
    const { encoder, tokenizer } = this.#backbone;
    const { features, notices } = await featurizePureRelationDocuments(documents.map(withoutLabels), spans, {
      config,
      tokenizer,
      markers: createMarkers(tokenizer, config),
      encoderTokens: encoder.maxTokens,
      pairsPerText: "many",
    });
    for (const notice of notices) notify?.(notice);
    const scored: ScoredPair[][] = features.map(() => []);
    for (const numbers of planTexts(features, encoder, budget)) {
      const byFeature = await this.#scoreBatch(numbers.map((number) => features[number] as PureRelationFeatures));
      for (const [index, number] of numbers.entries()) scored[number] = byFeature[index] as ScoredPair[];
    }
    return scored.flat();
  }

  /** Frees the graphs; the model stays. */
  dispose(): void {
    this.#encode.dispose();
    this.#classify.dispose();
  }

  async #scoreBatch(features: readonly PureRelationFeatures[]): Promise<ScoredPair[][]> {
    const { config } = this.#model;
    const markersOnly = !config.relationInput.startsWith("text");
    const { input, pairs, targets } = collatePureRelations(features, this.#backbone.tokenizer, config, { markersOnly });
    let hidden: tf.Tensor3D | undefined;
    let logProbabilities: tf.Tensor;
    try {
      [hidden] = this.#encode(input) as [tf.Tensor3D];
      [logProbabilities] = this.#classify({ hidden, pairs }) as [tf.Tensor];
    } finally {
      tf.dispose([input, pairs, targets, hidden] as unknown as tf.TensorContainer);
    }
    const labels = logProbabilities.shape[1] as number;
    const values = await logProbabilities.data<"float32">();
    logProbabilities.dispose();
    let row = 0;
    return features.map(({ documentId, sentence, pairs: listed }) =>
      listed.map(({ head, tail }) => {
        const own = values.subarray(row * labels, ++row * labels);
        return { documentId, sentence, head, tail, ...likeliest(own) };
      }),
    );
  }
}

/** The numbers of the features of each batch that keeps within a budget of bytes, by {@link planBatches}. */
export function planTexts(features: readonly PureRelationFeatures[], encoder: Encoder, budget: number): number[][] {
  const sizes = features.map((feature) => ({
    tokens: textWidth(featureTokens(feature)),
    numbers: feature.pairs.length * 3 * 2 * encoder.hiddenSize,
  }));
  return planBatches(sizes, encoder, budget);
}

function likeliest(logProbabilities: Float32Array): Pick<ScoredPair, "label" | "score"> {
  const highest = Math.max(...logProbabilities);
  return { label: logProbabilities.indexOf(highest), score: Math.exp(highest) };
}
