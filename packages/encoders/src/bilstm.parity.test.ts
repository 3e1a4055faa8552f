import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import {
  describeGolden,
  type GoldenCase,
  goldenTensor,
  goldenTensorsUnder,
  largestDifference,
  toTensor,
} from "../../../tools/golden-cases.ts";
import { describeOnEngines } from "./__fixtures__/engines.ts";
import { BiLstmEncoder, type BiLstmInput } from "./bilstm.ts";

const TOLERANCE = 1e-5;

describeGolden("gain", /^gain_glove(?:_\d+)?$/, (golden) => {
  describeOnEngines(() => {
    it("gives the reference's outputs and final states from words, types and mentions", () => {
      const encoder = goldenBiLstm(golden);
      const input = goldenInput(golden);

      const { hidden, pooled } = encoder.encode(input, INFERENCE);

      expect(largestDifference(hidden, goldenTensor(golden, "output/lstm_out"))).toBeLessThan(TOLERANCE);
      expect(largestDifference(pooled, goldenTensor(golden, "output/lstm_h"))).toBeLessThan(TOLERANCE);
      tf.dispose([{ ...input }, hidden, pooled]);
      encoder.dispose();
    });
  });
});

interface GoldenSettings {
  readonly lstm_hidden_size: number;
  readonly nlayers: number;
  readonly use_entity_type: boolean;
  readonly use_entity_id: boolean;
}

function goldenBiLstm(golden: GoldenCase): BiLstmEncoder {
  const { lstm_hidden_size: stateSize, nlayers: layers } = golden.json["config"] as GoldenSettings;
  const weights = goldenTensorsUnder(golden, "weight/encoder.");
  const inputSize = goldenTensor(golden, "weight/encoder.lstm.weight_ih_l0").shape[1] as number;
  const config = { inputSize, stateSize, layers, inputDropout: 0, outputDropout: 0 };
  const encoder = new BiLstmEncoder(config, createRandom(0));
  tf.tidy(() => encoder.loadParameters(new Map([...weights].map(([name, value]) => [name, toTensor(value)]))));
  return encoder;
}

/** Word, entity type and entity number, each by its own table, side by side. */
function goldenInput(golden: GoldenCase): BiLstmInput {
  const settings = golden.json["config"] as GoldenSettings;
  const tables = [
    ["word_emb", "words"],
    ...(settings.use_entity_type ? [["entity_type_emb", "entity_type"]] : []),
    ...(settings.use_entity_id ? [["entity_id_emb", "entity_id"]] : []),
  ];
  const vectors = tf.tidy(() => {
    const parts = tables.map(([table, ids]) => {
      const rows = toTensor(goldenTensor(golden, `weight/${table}.weight`));
      return tf.gather(rows, toTensor(goldenTensor(golden, `input/${ids}`)).toInt());
    });
    return tf.concat(parts, 2) as tf.Tensor3D; // [batch, tokens, inputSize]
  });
  return { vectors, mask: toTensor(goldenTensor(golden, "input/mask")) as tf.Tensor2D };
}
