import { INFERENCE } from "@relatum/tensor-utils";
import { record, type Recorded } from "@relatum/tensor-utils/graph";
import type * as tf from "@tensorflow/tfjs";

import type { GainBatch, GainPairs } from "./batch.ts";
import type { GainEncoding, GainModel } from "./model.ts";

interface ScoreInput {
  readonly encoding: GainEncoding;
  readonly pairs: GainPairs;
}

/** Runs a model without dropout; on an engine with graphs, one graph for each size of input. */
export class GainScorer {
  readonly #encode: Recorded<Pick<GainBatch, "tokens" | "graph">>;
  readonly #score: Recorded<ScoreInput>;
  readonly #model: GainModel;

  constructor(model: GainModel) {
    const variables = [...model.parameters().values()];
    this.#model = model;
    this.#encode = record((batch) => listTensors(model.encode(batch, INFERENCE)), { variables });
    this.#score = record(({ encoding, pairs }) => [model.classify(encoding, pairs, INFERENCE).sigmoid()], {
      variables,
    });
  }

  /** Encodes the documents of a batch; the caller disposes of the tensors. */
  encode({ tokens, graph }: Pick<GainBatch, "tokens" | "graph">): GainEncoding {
    const { documentNode, inference } = this.#model.config;
    const [entities, ...rest] = this.#encode({ tokens, graph });
    const document = documentNode ? rest.shift() : undefined;
    const [forward, backward] = inference ? rest : [];
    return {
      entities,
      ...(document && { document }),
      ...(forward && { paths: { forward, ...(backward && { backward }) } }),
    } as GainEncoding;
  }

  /**
   * Scores pairs.
   *
   * @returns Probabilities `[pairs, labels]`; the caller disposes of them.
   */
  score(encoding: GainEncoding, pairs: GainPairs): tf.Tensor2D {
    return this.#score({ encoding, pairs })[0] as tf.Tensor2D;
  }

  /** How many graphs are held now, of encoding and scoring. */
  graphCounts(): { readonly encode: number; readonly score: number } {
    return { encode: this.#encode.graphCount(), score: this.#score.graphCount() };
  }

  /** Frees the graphs; the model stays. */
  dispose(): void {
    this.#encode.dispose();
    this.#score.dispose();
  }
}

/** The tensors of an encoding in one order: entities, document, paths. */
function listTensors({ entities, document, paths }: GainEncoding): tf.Tensor[] {
  const all: (tf.Tensor | undefined)[] = [entities, document, paths?.forward, paths?.backward];
  return all.filter((tensor): tensor is tf.Tensor => tensor !== undefined);
}
