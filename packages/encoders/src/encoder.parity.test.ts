import { fileURLToPath } from "node:url";

import { INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import {
  describeGolden,
  type GoldenCase,
  goldenTensor,
  largestDifference,
  toTensor,
} from "../../../tools/golden-cases.ts";
import { describeOnEngines } from "./__fixtures__/engines.ts";
import { goldenEncoder } from "./__fixtures__/golden-encoder.ts";
import type { EncoderInput } from "./encoder.ts";

const TOLERANCE = 1e-5;

const fixtures = fileURLToPath(new URL("./__fixtures__", import.meta.url));

describeGolden(
  "encoders",
  /^(bert|bert_mask3d|roberta|albert)_\d+$/,
  (golden) => {
    describeOnEngines(() => {
      it("gives the reference's vectors, pooled vectors and last attention, padding included", () => {
        const encoder = goldenEncoder(golden);
        const input = goldenInput(golden);

        const { hidden, pooled, attention } = encoder.encode(input, INFERENCE);

        const lastAttention = `output/attention.${(golden.json["config"] as { num_hidden_layers: number }).num_hidden_layers - 1}`;
        expect(largestDifference(hidden, goldenTensor(golden, "output/last_hidden_state"))).toBeLessThan(TOLERANCE);
        expect(largestDifference(pooled, goldenTensor(golden, "output/pooler_output"))).toBeLessThan(TOLERANCE);
        expect(largestDifference(attention as tf.Tensor, goldenTensor(golden, lastAttention))).toBeLessThan(TOLERANCE);
        tf.dispose([{ ...input }, hidden, pooled, attention as tf.Tensor]);
        encoder.dispose();
      });
    });
  },
  fixtures,
);

function goldenInput(golden: GoldenCase): EncoderInput {
  const take = <T extends tf.Tensor>(name: string): T => toTensor(goldenTensor(golden, `input/${name}`)) as T;
  const optional = (name: string): tf.Tensor2D | undefined =>
    golden.tensors.has(`input/${name}`) ? take<tf.Tensor2D>(name) : undefined;
  const positionIds = optional("position_ids");
  const tokenTypeIds = optional("token_type_ids");
  return {
    tokenIds: take("input_ids"),
    mask: take("attention_mask"),
    ...(positionIds && { positionIds }),
    ...(tokenTypeIds && { tokenTypeIds }),
  };
}
