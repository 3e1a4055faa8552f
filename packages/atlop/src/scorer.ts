import { INFERENCE } from "@relatum/tensor-utils";
import { record, type Recorded } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import type { AtlopBatch, AtlopPairs } from "./batch.ts";
import { decodeAdaptiveThreshold, THRESHOLD_LABEL } from "./loss.ts";
import type { AtlopEncoding, AtlopModel } from "./model.ts";

/** What {@link AtlopScorer.score} gives for each label of a pair. */
export interface ScoreForm {
  /** `margin`: how far the logit lies above the threshold class's; `probability`: its sigmoid. */
  readonly unit: "margin" | "probability";
  /** Marks the labels that adaptive thresholding returns too, at most so many a pair (null = any number). */
  readonly decode?: { readonly maxRelations: number | null };
}

interface ScoreInput {
  readonly encoding: AtlopEncoding;
  readonly pairs: AtlopPairs;
  readonly form: ScoreForm;
}

/** Runs a model without dropout; on an engine with graphs, one graph for each size of input. */
export class AtlopScorer {
  readonly #encode: Recorded<Pick<AtlopBatch, "input" | "mentions">>;
  readonly #score: Recorded<ScoreInput>;

  constructor(model: AtlopModel) {
    const variables = [...model.parameters().values()];
    this.#encode = record(
      (batch) => {
        const { hidden, entities, attention } = model.encode(batch, INFERENCE);
        return [hidden, entities, attention];
      },
      { variables },
    );
    this.#score = record(({ encoding, pairs, form }) => scoreLabels(model.classify(encoding, pairs), form), {
      variables,
    });
  }

  /** Encodes the documents of a batch; the caller disposes of the tensors. */
  encode({ input, mentions }: Pick<AtlopBatch, "input" | "mentions">): AtlopEncoding {
    const [hidden, entities, attention] = this.#encode({ input, mentions });
    return { hidden, entities, attention } as AtlopEncoding;
  }

  /**
   * Scores pairs.
   *
   * @returns Scores `[pairs, labels]`, and 1 = returned `[pairs, labels]` where that is asked for; the caller disposes of
   *   both.
   */
  score(encoding: AtlopEncoding, pairs: AtlopPairs, form: ScoreForm): { scores: tf.Tensor2D; marks?: tf.Tensor2D } {
    const [scores, marks] = this.#score({ encoding, pairs, form }) as [tf.Tensor2D, tf.Tensor2D | undefined];
    return { scores, ...(marks && { marks }) };
  }

  /** Frees the graphs; the model stays. */
  dispose(): void {
    this.#encode.dispose();
    this.#score.dispose();
  }
}

function scoreLabels(logits: tf.Tensor2D, { unit, decode }: ScoreForm): tf.Tensor[] {
  const scores = unit === "margin" ? logits.sub(logits.slice([0, THRESHOLD_LABEL], [-1, 1])) : logits.sigmoid();
  return decode === undefined ? [scores] : [scores, decodeAdaptiveThreshold(logits, decode.maxRelations)];
}
