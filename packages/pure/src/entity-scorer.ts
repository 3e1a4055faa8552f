import type { Backbone } from "@relatum/encoders";
import { INFERENCE } from "@relatum/tensor-utils";
import { record, type Recorded } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import {
  collatePureEntities,
  collateSpans,
  LEAST_SPANS,
  type PureEntityBatch,
  type PureSpans,
} from "./entity-batch.ts";
import type { PureEntityFeatures } from "./entity-features.ts";
import type { PureEntityModel } from "./entity-model.ts";
import { planBatches, spansAtATime } from "./memory.ts";
import type { ScoredSpan } from "./pruning.ts";

/** Runs an entity model without dropout; on an engine with graphs, one graph for each size of input. */
export class PureEntityScorer {
  readonly #model: PureEntityModel;
  readonly #backbone: Pick<Backbone, "encoder" | "tokenizer">;
  readonly #score: Recorded<Pick<PureEntityBatch, "input" | "spans">>;
  readonly #encode: Recorded<PureEntityBatch["input"]>;
  readonly #classify: Recorded<{ readonly hidden: tf.Tensor3D; readonly spans: PureSpans }>;

  constructor(model: PureEntityModel, backbone: Pick<Backbone, "encoder" | "tokenizer">) {
    this.#model = model;
    this.#backbone = backbone;
    const variables = [...model.parameters().values()];
    this.#score = record((batch) => [model.logits(batch, INFERENCE).logSoftmax(1)], { variables });
    this.#encode = record((input) => [model.encode(input, INFERENCE)], { variables });
    this.#classify = record(({ hidden, spans }) => [model.classify(hidden, spans, INFERENCE).logSoftmax(1)], {
      variables,
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
    const most = spansAtATime(spanNumbers, LEAST_SPANS, budget);
    for (const numbers of planBatches(sizes, this.#backbone.encoder, budget)) {
      const batch = numbers.map((number) => features[number] as PureEntityFeatures);
      const [first] = batch as [PureEntityFeatures];
      const isLarge = batch.length === 1 && first.spans.length > most;
      const bySentence = isLarge ? [await this.#scoreInChunks(first, most)] : await this.#scoreBatch(batch);
      for (const [index, number] of numbers.entries()) scored[number] = bySentence[index] as ScoredSpan[];
    }
    return scored;
  }

  /** Frees the graphs; the model stays. */
  dispose(): void {
    for (const recorded of [this.#score, this.#encode, this.#classify]) recorded.dispose();
  }

  /** Scores the spans of a sentence, so many at a time. */
  async #scoreInChunks(sentence: PureEntityFeatures, most: number): Promise<ScoredSpan[]> {
    const { input, spans, targets } = collatePureEntities([{ ...sentence, spans: [] }], this.#backbone);
    const [hidden] = this.#encode(input) as [tf.Tensor3D];
    const width = input.tokenMask.shape[1];
    tf.dispose([input, spans, targets] as unknown as tf.TensorContainer);
    const scored: ScoredSpan[] = [];
    try {
      for (let start = 0; start < sentence.spans.length; start += most) {
        const chunk = { ...sentence, spans: sentence.spans.slice(start, start + most) };
        const collated = collateSpans([chunk], width);
        const [logProbabilities] = this.#classify({ hidden, spans: collated.spans }) as [tf.Tensor];
        tf.dispose(collated as unknown as tf.TensorContainer);
        scored.push(...((await readSpans([chunk], logProbabilities))[0] ?? []));
      }
    } finally {
      hidden.dispose();
    }
    return scored;
  }

  async #scoreBatch(features: readonly PureEntityFeatures[]): Promise<ScoredSpan[][]> {
    const { input, spans, targets } = collatePureEntities(features, this.#backbone);
    let logProbabilities: tf.Tensor;
    try {
      [logProbabilities] = this.#score({ input, spans }) as [tf.Tensor];
    } finally {
      tf.dispose([input, spans, targets] as unknown as tf.TensorContainer);
    }
    return readSpans(features, logProbabilities);
  }
}

/** Reads `[spans, labels]`, by sentence, and frees it. */
async function readSpans(
  features: readonly PureEntityFeatures[],
  logProbabilities: tf.Tensor,
): Promise<ScoredSpan[][]> {
  const labels = logProbabilities.shape[1] as number;
  const values = await logProbabilities.data<"float32">();
  logProbabilities.dispose();
  let row = 0;
  return features.map((sentence) =>
    sentence.spans.map((span) => ({ ...span, ...decide(values.subarray(row * labels, ++row * labels)) })),
  );
}

function decide(logProbabilities: Float32Array): Pick<ScoredSpan, "label" | "score" | "entityScore"> {
  const highest = Math.max(...logProbabilities);
  const label = logProbabilities.indexOf(highest);
  return { label, score: Math.exp(highest), entityScore: 1 - Math.exp(logProbabilities[0] as number) };
}
