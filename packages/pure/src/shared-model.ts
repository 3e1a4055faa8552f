import { Module, type Mode } from "@relatum/tensor-utils";
import type { Trainable } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { PureEntityBatch } from "./entity-batch.ts";
import type { PureEntityModel } from "./entity-model.ts";
import type { PureRelationBatch } from "./relation-batch.ts";
import type { PureRelationModel } from "./relation-model.ts";

/** What the shared model learns from in one step: both, or one of them where a step is taken in parts. */
export interface PureSharedBatch {
  readonly entity?: PureEntityBatch;
  readonly relation?: PureRelationBatch;
}

/** The entity model and the relation model over one encoder, trained together: the paper's Table 5. */
export class PureSharedModel implements Trainable<PureSharedBatch> {
  readonly entity: PureEntityModel;
  readonly relation: PureRelationModel;

  /** @throws {RangeError} If the models have two encoders. */
  constructor(entity: PureEntityModel, relation: PureRelationModel) {
    if (entity.encoder !== relation.encoder) throw new RangeError("models must share their encoder, got two.");
    this.entity = entity;
    this.relation = relation;
  }

  /** Every parameter by its path; those of the encoder once, under `encoder`. */
  parameters(): ReadonlyMap<string, tf.Variable> {
    return new Map([...prefixHead("entity", this.entity), ...prefixHead("relation", this.relation)]);
  }

  /**
   * Computes the sum of both losses, each summed over its batch as the paper's are: averaged over pairs, that of relations
   * would count for nothing beside that of spans.
   *
   * @returns Nats `[]`.
   * @equation PURE eq. L_e+L_r (Modeling Entity-Relation Interactions)
   */
  loss({ entity, relation }: PureSharedBatch, mode: Mode): tf.Scalar {
    return tf.tidy(() => {
      const relationLoss = relation && this.relation.loss(relation, mode).mul<tf.Scalar>(relation.pairs.mask.sum()); // []
      const entityLoss = entity && this.entity.loss(entity, mode); // []
      if (relationLoss === undefined) return entityLoss ?? tf.scalar(0);
      return entityLoss === undefined ? relationLoss : entityLoss.add<tf.Scalar>(relationLoss);
    });
  }
}

function prefixHead(name: string, model: Module): [string, tf.Variable][] {
  return [...model.parameters()].map(([path, parameter]) => [
    path.startsWith("encoder.") ? path : `${name}.${path}`,
    parameter,
  ]);
}
