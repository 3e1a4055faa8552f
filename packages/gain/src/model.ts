import { type Backbone, BiLstmEncoder, type Encoder, type WordVectors } from "@relatum/encoders";
import { dropout, gatherRows, Linear, type Mode, Module, type Random, sigmoidLoss } from "@relatum/tensor-utils";
import type { Trainable } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { GainBatch, GainGraph, GainPairs, GainTokens } from "./batch.ts";
import type { GainConfig } from "./config.ts";
import { entityEmbedding } from "./entity-embedding.ts";
import { activate, GraphConvolution } from "./graph-convolution.ts";
import { PairMap } from "./pair-map.ts";
import { averagePaths, edgeVectors, type JoinedPaths, pathQueryParameter, pathVectors, sumPaths } from "./paths.ts";

/** What an encoder made of a batch's text, as the graph takes it. */
export interface TokenEncoding {
  /** The paper's `g_i` `[documents, tokens, size]`. */
  readonly hidden: tf.Tensor3D;
  /** One vector for the whole text `[documents, size]`. */
  readonly state: tf.Tensor2D;
}

/** What the pairs of a batch are classified from. */
export interface GainEncoding {
  /** The paper's `e_i` `[documents · entities, bank]`. */
  readonly entities: tf.Tensor2D;
  /** The paper's `m_doc` `[documents, bank]`; without the mention graph, what it starts from `[documents, size]`. */
  readonly document?: tf.Tensor2D;
  /** None without the inference module. */
  readonly paths?: JoinedPaths;
}

/** GAIN: an encoder, a graph of mentions, a graph of entities with paths, and a classifier over all of them. */
export class GainModel extends Module implements Trainable<GainBatch> {
  /** A pretrained encoder (GAIN-BERT), or a BiLSTM over vectors of words (GAIN-GloVe). */
  readonly encoder: Encoder | BiLstmEncoder;
  /** The paper's `E_w` `[words, width]`; none under a pretrained encoder, which has its own. */
  readonly wordEmbedding?: tf.Variable;
  /** The paper's `E_t`; row 0 is no type `[types, typeSize]`. */
  readonly typeEmbedding: tf.Variable;
  /** The paper's `E_c`; row 0 is no entity `[entities, entityIdSize]`. */
  readonly idEmbedding: tf.Variable;
  readonly convolutions: readonly GraphConvolution[];
  /** The paper's `W_q` and `b_q` `[size, 2 · size]`. */
  readonly edgeMap?: Linear;
  /** The paper's `W_l` `[2 · bank, 4 · size]`; none where paths are summed. */
  readonly pathQuery?: tf.Variable;
  /** Maps joined paths before they are classified `[4 · size, 4 · size]`: in the code, not in the paper. */
  readonly pathMap?: Linear;
  /** The paper's `W_a` and `b_a`. */
  readonly pairMap: PairMap;
  /** The paper's `W_b` and `b_b` `[labels, 2 · bank]`. */
  readonly classifier: Linear;
  readonly config: GainConfig;

  /**
   * @param backbone Its encoder becomes the model's own; vectors of words are copied.
   * @throws {RangeError} If `maxTokens` is more than the encoder takes.
   */
  constructor(config: GainConfig, backbone: Pick<Backbone, "encoder"> | WordVectors, random: Random) {
    super();
    const { graphLayers, mentionGraph, documentNode, inference, relations } = config;
    if ("encoder" in backbone) {
      this.encoder = checkLength(backbone.encoder, config);
    } else {
      const { vocabulary, values, width } = backbone;
      this.encoder = createBiLstm(width, config, random.fork("encoder"));
      this.wordEmbedding = tf.tidy(() => tf.variable(tf.tensor2d(values, [vocabulary.vocabularySize, width])));
    }
    const size = graphSize(this.encoder, config);
    const bank = size * (graphLayers + 1);
    const edgeKinds = mentionGraph ? (documentNode ? 3 : 2) : 1;
    this.typeEmbedding = entityEmbedding(config.entityTypes.length, config.typeSize, random.fork("types"));
    this.idEmbedding = entityEmbedding(config.maxEntities, config.entityIdSize, random.fork("entities"));
    this.convolutions = Array.from(
      { length: graphLayers },
      (_, layer) => new GraphConvolution(size, edgeKinds, config, random.fork(`convolution ${layer}`)),
    );
    if (inference) {
      this.edgeMap = new Linear(2 * size, size, random.fork("edgeMap"));
      if (config.pathAttention === "softmax") this.pathQuery = pathQueryParameter(bank, size, random.fork("pathQuery"));
      this.pathMap = new Linear(4 * size, 4 * size, random.fork("pathMap"));
    }
    const document = documentNode ? (mentionGraph ? bank : size) : 0;
    const sizes = { entity: bank, document, path: inference ? 4 * size : 0, output: 2 * bank };
    this.pairMap = new PairMap(sizes, config, random.fork("pairMap"));
    this.classifier = new Linear(2 * bank, relations.length + 1, random.fork("classifier"));
    this.config = config;
  }

  /**
   * Computes the loss of a batch: binary cross-entropy, averaged over pairs and labels.
   *
   * @returns Nats `[]`.
   * @equation GAIN eq. 13 (Classification Module)
   */
  loss(batch: GainBatch, mode: Mode): tf.Scalar {
    return tf.tidy(() => sigmoidLoss(this.logits(batch, mode), batch.targets, batch.pairs.mask));
  }

  /**
   * Scores every relation of every pair.
   *
   * @returns `[pairs, labels]`; rows of padding mean nothing.
   */
  logits(batch: GainBatch, mode: Mode): tf.Tensor2D {
    return tf.tidy(() => this.classify(this.encode(batch, mode), batch.pairs, mode));
  }

  /** Encodes each document once, and gathers what its mentions, entities and paths say. */
  encode({ tokens, graph }: Pick<GainBatch, "tokens" | "graph">, mode: Mode): GainEncoding {
    return tf.tidy(() => {
      const encoding = this.encodeTokens(tokens, mode);
      const nodes = nodeVectors(encoding, graph); // [documents, nodes, size]
      const { entities, document } = this.config.mentionGraph
        ? this.#convolveMentions(nodes, graph, mode)
        : this.#convolveEntities(nodes, graph, mode);
      return {
        entities: entities.reshape([-1, entities.shape[2]]),
        ...(this.config.documentNode && { document }),
        ...(this.config.inference && { paths: this.joinPaths(entities, graph, mode) }),
      } as unknown as tf.TensorContainer;
    }) as unknown as GainEncoding;
  }

  /**
   * Reads the text: one vector a token, its entity's type and number included, and one for the whole.
   *
   * As in the code, both embeddings stand beside the output of a pretrained encoder, which takes nothing but words.
   *
   * @equation GAIN eq. 1/2 (Encoding Module)
   */
  encodeTokens({ tokenIds, mask, typeIds, entityIds }: GainTokens, mode: Mode): TokenEncoding {
    return tf.tidy(() => {
      const types = lookUp(this.typeEmbedding, typeIds); // [documents, tokens, typeSize]
      const ids = lookUp(this.idEmbedding, entityIds); // [documents, tokens, entityIdSize]
      if (this.encoder instanceof BiLstmEncoder) {
        const words = lookUp(this.wordEmbedding as tf.Variable, tokenIds); // [documents, tokens, width]
        const { hidden, pooled } = this.encoder.encode({ vectors: tf.concat([words, types, ids], 2), mask }, mode);
        return { hidden, state: pooled } as unknown as tf.TensorContainer;
      }
      const { hidden, pooled } = this.encoder.encode({ tokenIds, mask }, mode);
      const nothing = tf.zeros<tf.Rank.R2>([tokenIds.shape[0], types.shape[2] + ids.shape[2]]);
      return {
        hidden: tf.concat([hidden, types, ids], 2),
        state: tf.concat([pooled, nothing], 1),
      } as unknown as tf.TensorContainer;
    }) as unknown as TokenEncoding;
  }

  /**
   * Joins the paths between every two entities, from the entities' last layer.
   *
   * @param entities `[documents, entities, bank]`.
   */
  joinPaths(entities: tf.Tensor3D, { links }: Pick<GainGraph, "links">, mode: Mode): JoinedPaths {
    const { edgeMap, pathQuery, config } = this;
    if (edgeMap === undefined) throw new TypeError("config must have the inference module to join paths, got none.");
    return tf.tidy(() => {
      const size = edgeMap.weight.shape[0] as number;
      const last = entities.slice([0, 0, entities.shape[2] - size], [-1, -1, size]);
      const edges = edgeVectors(last, edgeMap, config, mode); // [documents, entities, entities, size]
      const joined = pathQuery
        ? averagePaths(edges, links, entities, pathQuery as unknown as tf.Tensor2D, config.activation)
        : sumPaths(edges, links);
      return joined as unknown as tf.TensorContainer;
    }) as unknown as JoinedPaths;
  }

  /**
   * Scores every relation of the pairs.
   *
   * @param encoding Of the batch that the pairs are from.
   * @returns Logits `[pairs, labels]`; rows of padding mean nothing.
   * @equation GAIN eq. 12 (Classification Module), before the sigmoid
   */
  classify({ entities, document, paths }: GainEncoding, pairs: GainPairs, mode: Mode): tf.Tensor2D {
    return tf.tidy(() => {
      const between = paths && this.pathInformation(paths, pairs, mode);
      const input = { entities, ...(document && { document }), ...(between && { paths: between }) };
      return this.classifier.apply(this.pairMap.apply(input, pairs, mode));
    });
  }

  /**
   * What the paths between the entities of each pair say: their joined vectors, mapped once more, as in the code.
   *
   * A pair without a path has a vector too, that of no path.
   *
   * @returns `[pairs, 4 · size]`.
   */
  pathInformation(paths: JoinedPaths, pairs: GainPairs, mode: Mode): tf.Tensor2D {
    const { activation, dropout: rate } = this.config;
    return tf.tidy(() => {
      const mapped = (this.pathMap as Linear).apply(pathVectors(paths, pairs)); // [pairs, 4 · size]
      return dropout(activate(mapped, activation), rate, mode);
    });
  }

  /** The graph convolution over mentions and document, then the mean of each entity's mentions. */
  #convolveMentions(
    nodes: tf.Tensor3D,
    graph: GainGraph,
    mode: Mode,
  ): { entities: tf.Tensor3D; document: tf.Tensor2D } {
    const bank = this.convolve(nodes, graph.neighbourShares, mode); // m_u [documents, nodes, bank]
    return { entities: entityVectors(bank, graph), document: bank.slice([0, 0, 0], [-1, 1, -1]).squeeze([1]) };
  }

  /** The ablation without the mention graph: the graph convolution over entities that start as the mean of mentions. */
  #convolveEntities(
    nodes: tf.Tensor3D,
    graph: GainGraph,
    mode: Mode,
  ): { entities: tf.Tensor3D; document: tf.Tensor2D } {
    const linkCounts = graph.links.sum(2, true).maximum(1); // [documents, entities, 1]
    const entities = this.convolve(entityVectors(nodes, graph), graph.links.div(linkCounts), mode);
    return { entities, document: nodes.slice([0, 0, 0], [-1, 1, -1]).squeeze([1]) };
  }

  /**
   * Runs all layers of the graph convolution.
   *
   * @param nodes `[documents, nodes, size]`.
   * @returns The nodes and each layer's side by side `[documents, nodes, bank]`.
   * @equation GAIN eq. 4 (Mention-level Graph Aggregation Module)
   */
  convolve(nodes: tf.Tensor3D, neighbourShares: tf.Tensor3D, mode: Mode): tf.Tensor3D {
    return tf.tidy(() => {
      const layers = [nodes]; // h^(0), h^(1), …, h^(N)
      for (const convolution of this.convolutions) {
        layers.push(convolution.apply(layers.at(-1) as tf.Tensor3D, neighbourShares, mode));
      }
      return tf.concat(layers, 2);
    });
  }
}

/**
 * What the nodes of the mention graph start from: the document's vector, and the mean over each mention's tokens.
 *
 * Paper → code: `g_j` → `hidden`, `h_u^(0)` → the result.
 *
 * @returns `[documents, nodes, size]`; zero for a mention without a token.
 */
export function nodeVectors(
  { hidden, state }: TokenEncoding,
  { tokenShares }: Pick<GainGraph, "tokenShares">,
): tf.Tensor3D {
  return tf.tidy(() => {
    const means = tf.matMul<tf.Tensor3D>(tokenShares, hidden); // [documents, nodes, size]; row 0, the document's, is zero
    const first = state.expandDims<tf.Tensor3D>(1); // [documents, 1, size]
    return tf.concat([first, means.slice([0, 1, 0], [-1, -1, -1])], 1);
  });
}

/**
 * Averages the mentions of each entity.
 *
 * Paper → code: `m_n` → `nodes`, `e_i` → the result.
 *
 * @param nodes `[documents, nodes, width]`.
 * @returns `[documents, entities, width]`; zero for an entity without mentions.
 * @equation GAIN eq. 5 (Entity-level Graph Inference Module)
 */
export function entityVectors(nodes: tf.Tensor3D, { mentionShares }: Pick<GainGraph, "mentionShares">): tf.Tensor3D {
  return tf.matMul(mentionShares, nodes);
}

/** The width of the graph's nodes: what a token has in the end, embeddings of its entity included. */
export function graphSize(encoder: Encoder | BiLstmEncoder, { typeSize, entityIdSize }: GainConfig): number {
  return encoder instanceof BiLstmEncoder ? encoder.hiddenSize : encoder.hiddenSize + typeSize + entityIdSize;
}

function checkLength(encoder: Encoder, { maxTokens }: GainConfig): Encoder {
  if (maxTokens <= encoder.maxTokens) return encoder;
  throw new RangeError(`maxTokens must be at most the encoder's ${encoder.maxTokens}, got ${maxTokens}.`);
}

/** As in the code, the same rate of dropout before the BiLSTM and after it. */
function createBiLstm(wordSize: number, config: GainConfig, random: Random): BiLstmEncoder {
  const { typeSize, entityIdSize, lstmSize: stateSize, lstmLayers: layers, dropout: rate } = config;
  const inputSize = wordSize + typeSize + entityIdSize;
  return new BiLstmEncoder({ inputSize, stateSize, layers, inputDropout: rate, outputDropout: rate }, random);
}

/** Rows of a table by number `[documents, tokens, width]`. */
function lookUp(table: tf.Variable, ids: tf.Tensor2D): tf.Tensor3D {
  const [documents, tokens] = ids.shape;
  const rows = gatherRows(table, ids.flatten()); // [documents · tokens, width]
  return rows.reshape<tf.Tensor3D>([documents, tokens, -1]);
}
