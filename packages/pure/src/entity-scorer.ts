import type { Backbone } from "@relatum/encoders";
import { INFERENCE } from "@relatum/tensor-utils";
import { record, type Recorded } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import { collatePureEntities, type PureEntityBatch } from "./entity-batch.ts";
import type { PureEntityFeatures } from "./entity-features.ts";
import type { PureEntityModel } from "./entity-model.ts";
import { planBatches } from "./memory.ts";
import type { ScoredSpan } from "./pruning.ts";

/** Runs an entity model without dropout; on an engine with graphs, one graph for each size of input. */
export class PureEntityScorer {
  readonly #model: PureEntityModel;
  readonly #backbone: Pick<Backbone, "encoder" | "tokenizer">;
  readonly #score: Recorded<Pick<PureEntityBatch, "input" | "spans">>;

  constructor(model: PureEntityModel, backbone: Pick<Backbone, "encoder" | "tokenizer">) {
    this.#model = model;
    this.#backbone = backbone;
    this.#score = record((batch) => [model.logits(batch, INFERENCE).logSoftmax(1)], {
      variables: [...model.parameters().values()],
    });
  }

  /**
   * Gives each span of each sentence its most likely label; of equally likely ones the first.
   *
   * @param budget Bytes that the tensors of one batch may take.
   * @returns By sentence, in the order of its spans.
   */
  async score(features: readonly PureEntityFeatures[], budget: number): Promise<ScoredSpan[][]> {
    const { maxSpanWords, widthEmbeddingSize, entityTypes } = this.#model.config;
    const spanNumbers = 2 * this.#backbone.encoder.hiddenSize + widthEmbeddingSize + entityTypes.length + 1;
    const sizes = features.map(({ tokenIds, wordStarts }) => ({
      tokens: tokenIds.length,
      numbers: wordStarts.length * maxSpanWords * spanNumbers,
    }));
    const scored: ScoredSpan[][] = features.map(() => []);
    for (const numbers of planBatches(sizes, this.#backbone.encoder, budget)) {
      const batch = numbers.map((number) => features[number] as PureEntityFeatures);
      const bySentence = await this.#scoreBatch(batch);
      for (const [index, number] of numbers.entries()) scored[number] = bySentence[index] as ScoredSpan[];
    }
    return scored;
  }

  /** Frees the graphs; the model stays. */
  dispose(): void {
    this.#score.dispose();
  }

  async #scoreBatch(features: readonly PureEntityFeatures[]): Promise<ScoredSpan[][]> {
    const { input, spans, targets } = collatePureEntities(features, this.#backbone);
    let logProbabilities: tf.Tensor;
    try {
      [logProbabilities] = this.#score({ input, spans }) as [tf.Tensor];
    } finally {
      tf.dispose([input, spans, targets] as unknown as tf.TensorContainer);
    }
    const labels = logProbabilities.shape[1] as number;
    const values = await logProbabilities.data<"float32">();
    logProbabilities.dispose();
    let row = 0;
    return features.map((sentence) =>
      sentence.spans.map((span) => ({ ...span, ...decide(values.subarray(row * labels, ++row * labels)) })),
    );
  }
}

function decide(logProbabilities: Float32Array): Pick<ScoredSpan, "label" | "score" | "entityScore"> {
  const highest = Math.max(...logProbabilities);
  const label = logProbabilities.indexOf(highest);
  return { label, score: Math.exp(highest), entityScore: 1 - Math.exp(logProbabilities[0] as number) };
}
