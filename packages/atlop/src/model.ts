import { type Backbone, type Encoder, encodeDocuments } from "@relatum/encoders";
import {
  gatherRows,
  groupBilinear,
  Linear,
  logSumExpPool,
  meanPool,
  type Mode,
  Module,
  type Random,
  sigmoidLoss,
} from "@relatum/tensor-utils";
import type { Trainable } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { AtlopBatch, AtlopMentions, AtlopPairs } from "./batch.ts";
import type { AtlopConfig } from "./config.ts";
import { adaptiveThresholdLoss } from "./loss.ts";

/** Keeps a pair whose entities attend to no common token from dividing by zero. */
const EPSILON = 1e-5;

/** What the pairs of a batch are classified from. */
export interface AtlopEncoding {
  /** Token vectors `[documents, tokens, hidden]`. */
  readonly hidden: tf.Tensor3D;
  /** One vector an entity `[documents · entities, hidden]`. */
  readonly entities: tf.Tensor2D;
  /** Attention that each entity pays to the tokens `[documents, entities, tokens, heads]`. */
  readonly attention: tf.Tensor4D;
}

/** ATLOP: an encoder, one vector a pair and side, and a bilinear classifier over them. */
export class AtlopModel extends Module implements Trainable<AtlopBatch> {
  readonly encoder: Encoder;
  /** The paper's `W_s`, and to its right `W_c1` `[pairSize, hidden or 2 · hidden]`. */
  readonly headExtractor: Linear;
  /** The paper's `W_o`, and to its right `W_c2` `[pairSize, hidden or 2 · hidden]`. */
  readonly tailExtractor: Linear;
  /** The paper's `W_r` and `b_r`, a row a label `[labels, pairSize · blockSize]`. */
  readonly bilinear: Linear;
  readonly config: AtlopConfig;

  /** @param backbone Its encoder becomes the model's own. */
  constructor(config: AtlopConfig, { encoder }: Pick<Backbone, "encoder">, random: Random) {
    super();
    const { relations, pairSize, blockSize, classifier, localizedContext } = config;
    const inputSize = encoder.hiddenSize * (localizedContext ? 2 : 1);
    const products = pairSize * (classifier === "group-bilinear" ? blockSize : pairSize);
    this.encoder = encoder;
    this.headExtractor = new Linear(inputSize, pairSize, random.fork("headExtractor"));
    this.tailExtractor = new Linear(inputSize, pairSize, random.fork("tailExtractor"));
    this.bilinear = new Linear(products, relations.length + 1, random.fork("bilinear"));
    this.config = config;
  }

  /**
   * Computes the loss of a batch, averaged over its pairs.
   *
   * @returns Nats `[]`.
   */
  loss(batch: AtlopBatch, mode: Mode): tf.Scalar {
    const lossOf = this.config.loss === "adaptive-threshold" ? adaptiveThresholdLoss : sigmoidLoss;
    return tf.tidy(() => lossOf(this.logits(batch, mode), batch.targets, batch.pairs.mask));
  }

  /**
   * Scores every relation of every pair.
   *
   * @returns `[pairs, labels]`; rows of padding mean nothing.
   */
  logits(batch: AtlopBatch, mode: Mode): tf.Tensor2D {
    return tf.tidy(() => this.classify(this.encode(batch, mode), batch.pairs));
  }

  /**
   * Encodes each document once, and pools what its entities' mentions say.
   *
   * @equation ATLOP eq. 1 (Encoder)
   */
  encode({ input, mentions }: Pick<AtlopBatch, "input" | "mentions">, mode: Mode): AtlopEncoding {
    return tf.tidy(() => {
      const { hidden, queryHidden, queryAttention } = encodeDocuments(this.encoder, input, mode);
      const entities = poolMentions(queryHidden, mentions, this.config.entityPooling); // [documents · entities, hidden]
      return { hidden, entities, attention: entityAttention(queryAttention, mentions) };
    }) as unknown as AtlopEncoding;
  }

  /**
   * Scores every relation of the pairs.
   *
   * @param encoding Of the batch that the pairs are from.
   * @returns Logits `[pairs, labels]`; rows of padding mean nothing.
   * @equation ATLOP eq. 5 (Binary Classifier), before the sigmoid
   */
  classify({ hidden, entities, attention }: AtlopEncoding, pairs: AtlopPairs): tf.Tensor2D {
    return tf.tidy(() => {
      let contexts: tf.Tensor2D | undefined; // [pairs, hidden]
      if (this.config.localizedContext) {
        const headAttention = attention.slice([0, pairs.headStart, 0, 0], [-1, pairs.headCount, -1, -1]);
        const all = localizedContext(headAttention, attention, hidden); // [documents, headEntities, entities, hidden]
        contexts = gatherRows(all.reshape([-1, hidden.shape[2]]), pairs.cells) as tf.Tensor2D;
      }
      const head = pairVectors(this.headExtractor, entities, pairs.heads, contexts); // [pairs, pairSize]
      const tail = pairVectors(this.tailExtractor, entities, pairs.tails, contexts); // [pairs, pairSize]
      const form = this.config.classifier === "group-bilinear" ? groupBilinear : bilinear;
      return form(head, tail, this.bilinear.weight as tf.Tensor2D).add(this.bilinear.bias);
    });
  }
}

/**
 * Pools the vectors of each entity's mentions.
 *
 * Paper → code: `h_m` → `queryHidden`, `h_e` → the result.
 *
 * @param queryHidden The vectors of the mentions' opening `*` `[documents, queries, hidden]`.
 * @returns `[documents · entities, hidden]`; zero for an entity without mentions.
 * @equation ATLOP eq. 2 (Encoder)
 */
export function poolMentions(
  queryHidden: tf.Tensor3D,
  mentions: AtlopMentions,
  pooling: AtlopConfig["entityPooling"],
): tf.Tensor2D {
  const width = queryHidden.shape[2];
  return tf.tidy(() => {
    const rows = gatherRows(queryHidden.reshape([-1, width]), mentions.queries.flatten());
    const vectors = rows.reshape<tf.Tensor3D>([...mentions.queries.shape, width]); // [entities, mentions, hidden]
    return (pooling === "logsumexp" ? logSumExpPool : meanPool)(vectors, mentions.mask);
  });
}

/**
 * Averages the attention that each entity's mentions pay.
 *
 * Paper → code: `A` → `queryAttention`, `A^E` → the result.
 *
 * @param queryAttention Attention from the mentions' opening `*` `[documents, queries, tokens, heads]`.
 * @returns `[documents, entities, tokens, heads]`; zero for an entity without mentions.
 * @equation ATLOP eq. A^E (Localized Context Pooling)
 */
export function entityAttention(queryAttention: tf.Tensor4D, { shares }: Pick<AtlopMentions, "shares">): tf.Tensor4D {
  const [documents, queries, tokens, heads] = queryAttention.shape;
  return tf.tidy(() => {
    const rows = queryAttention.reshape<tf.Tensor3D>([documents, queries, tokens * heads]);
    return tf.matMul(shares, rows).reshape([documents, -1, tokens, heads]);
  });
}

/**
 * Says how much each token matters to both entities of a pair, for every pair of a head and a tail entity.
 *
 * The product over attention heads, summed, is a matrix product of the entities' attention at each token, so that the
 * attention of a pair is never held.
 *
 * Paper → code: `A^(s,o)` → inside the product, `q^(s,o)` → `shared`, `a^(s,o)` → the result.
 *
 * @param headAttention `[documents, headEntities, tokens, heads]`.
 * @param tailAttention `[documents, entities, tokens, heads]`.
 * @returns Weights that sum to 1 over the tokens `[documents, tokens, headEntities, entities]`; zero where the entities
 *   attend to no common token.
 * @equation ATLOP eq. a (Localized Context Pooling)
 */
export function contextWeights(headAttention: tf.Tensor4D, tailAttention: tf.Tensor4D): tf.Tensor4D {
  const heads = headAttention.shape[3];
  return tf.tidy(() => {
    const [head, tail] = [headAttention, tailAttention].map((rows) => rows.transpose([0, 2, 1, 3])); // tokens outside
    const shared = tf.matMul(head as tf.Tensor4D, tail as tf.Tensor4D, false, true).div<tf.Tensor4D>(heads);
    return shared.div(shared.sum(1, true).add(EPSILON)); // [documents, tokens, headEntities, entities]
  });
}

/**
 * Localized context pooling: what the text says where both entities of a pair look.
 *
 * Paper → code: `H` → `hidden`, `c^(s,o)` → the result.
 *
 * @param headAttention `[documents, headEntities, tokens, heads]`.
 * @param tailAttention `[documents, entities, tokens, heads]`.
 * @param hidden `[documents, tokens, hidden]`.
 * @returns `[documents, headEntities, entities, hidden]`.
 * @equation ATLOP eq. c (Localized Context Pooling)
 */
export function localizedContext(
  headAttention: tf.Tensor4D,
  tailAttention: tf.Tensor4D,
  hidden: tf.Tensor3D,
): tf.Tensor4D {
  const [documents, tokens, width] = hidden.shape;
  return tf.tidy(() => {
    const weights = contextWeights(headAttention, tailAttention); // [documents, tokens, headEntities, entities]
    const [, , headEntities, entities] = weights.shape;
    const columns = weights.reshape<tf.Tensor3D>([documents, tokens, headEntities * entities]);
    return tf.matMul(columns, hidden, true, false).reshape([documents, headEntities, entities, width]);
  });
}

/**
 * The vector of one side of each pair: `tanh(W·entity + W_c·context)`.
 *
 * Paper → code: `h_es`, `h_eo` → `entities`, `c^(s,o)` → `contexts`, `z_s`, `z_o` → the result.
 *
 * @param entities `[documents · entities, hidden]`.
 * @param rows int32 `[pairs]`: the entity on this side of each pair.
 * @param contexts `[pairs, hidden]`; none gives the enhanced baseline's eqs. 3 and 4.
 * @returns `[pairs, pairSize]`.
 * @equation ATLOP eqs. 6/7 (Localized Context Pooling), and without contexts eqs. 3/4 (Binary Classifier)
 */
export function pairVectors(
  { weight, bias }: Linear,
  entities: tf.Tensor2D,
  rows: tf.Tensor1D,
  contexts?: tf.Tensor2D,
): tf.Tensor2D {
  const width = entities.shape[1];
  return tf.tidy(() => {
    const entityWeight = weight.slice([0, 0], [-1, width]); // [pairSize, hidden]
    const fromEntity = tf.matMul(entities, entityWeight, false, true).add(bias); // once an entity, not once a pair
    const gathered = gatherRows(fromEntity, rows) as tf.Tensor2D; // [pairs, pairSize]
    if (contexts === undefined) return gathered.tanh();
    const contextWeight = weight.slice([0, width], [-1, width]); // [pairSize, hidden]
    return gathered.add<tf.Tensor2D>(tf.matMul(contexts, contextWeight, false, true)).tanh();
  });
}

/**
 * The classifier without groups: one full bilinear form a label.
 *
 * @param head `[pairs, pairSize]`.
 * @param tail `[pairs, pairSize]`.
 * @param weight `[labels, pairSize · pairSize]`; column `i · pairSize + j` weighs head i, tail j.
 * @returns `[pairs, labels]`.
 */
export function bilinear(head: tf.Tensor2D, tail: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  const [pairs, pairSize] = head.shape;
  return tf.tidy(() => {
    const byHead = tf.matMul(tail, weight.reshape<tf.Tensor2D>([-1, pairSize]), false, true); // [pairs, labels · pairSize]
    const forms = byHead.reshape<tf.Tensor3D>([pairs, -1, pairSize]); // [pairs, labels, pairSize]
    return tf.matMul(forms, head.expandDims<tf.Tensor3D>(2)).reshape([pairs, -1]);
  });
}
