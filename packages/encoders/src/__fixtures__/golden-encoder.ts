import * as tf from "@tensorflow/tfjs";

import { type GoldenCase, goldenTensorsUnder, toTensor } from "../../../../tools/golden-cases.ts";
import type { Activation } from "../layers/activation.ts";
import { AlbertEncoder } from "../albert.ts";
import { BertEncoder } from "../bert.ts";
import { BLANK_WEIGHTS } from "../weights/blank-weights.ts";
import { type EncoderFamily, fromHuggingFaceName } from "../weights/parameter-names.ts";

/** Hugging Face's settings of an encoder, as golden cases hold them. */
interface GoldenConfig {
  readonly model_type: EncoderFamily;
  readonly vocab_size: number;
  readonly embedding_size?: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_hidden_groups?: number;
  readonly inner_group_num?: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly hidden_act: Activation;
  readonly layer_norm_eps: number;
  readonly pad_token_id: number;
}

/** The encoder of a golden case, with the weights under `prefix`; the caller disposes of it. */
export function goldenEncoder(golden: GoldenCase, prefix = "weight/"): AlbertEncoder | BertEncoder {
  const config = golden.json["config"] as GoldenConfig;
  const encoder = createEncoder(config);
  tf.tidy(() => {
    const weights = [...goldenTensorsUnder(golden, prefix)].map(([name, tensor]) => {
      const path = fromHuggingFaceName(name, config.model_type);
      return [path ?? name, toTensor(tensor)] as const;
    });
    encoder.loadParameters(new Map(weights));
  });
  return encoder;
}

function createEncoder(config: GoldenConfig): AlbertEncoder | BertEncoder {
  const shared = {
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    intermediateSize: config.intermediate_size,
    maxPositions: config.max_position_embeddings,
    typeVocabularySize: config.type_vocab_size,
    dropout: 0.1,
    attentionDropout: 0.1,
    layerNormEpsilon: config.layer_norm_eps,
    activation: config.hidden_act,
    padId: config.pad_token_id,
  };
  if (config.model_type !== "albert") return new BertEncoder({ ...shared, family: config.model_type }, BLANK_WEIGHTS);
  const { embedding_size: embeddingSize = 128, num_hidden_groups: groups = 1, inner_group_num: layersPerGroup = 1 } = config;
  return new AlbertEncoder({ ...shared, family: "albert", embeddingSize, groups, layersPerGroup }, BLANK_WEIGHTS);
}
