import * as z from "zod";

import type { BertConfig } from "./bert.ts";
import { parseJsonFile } from "./json-file.ts";
import { ModelFileError } from "./model-file-error.ts";

const size = z.int().min(1);
const rate = z.number().min(0).max(1);

const common = {
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  hidden_act: z
    .enum(["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"])
    .transform((name) => (name === "gelu_pytorch_tanh" ? "gelu_new" : name)),
  max_position_embeddings: size.default(512),
  type_vocab_size: size.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  position_embedding_type: z.literal("absolute").default("absolute"),
};

const bertSchema = z.object({
  ...common,
  hidden_act: common.hidden_act.default("gelu"),
  intermediate_size: size.default(3072),
  hidden_dropout_prob: rate.default(0.1),
  attention_probs_dropout_prob: rate.default(0.1),
  pad_token_id: z.int().min(0).nullish(),
});

// The oldest models do not say what they are; they are BERTs.
const familySchema = z.object({ model_type: z.enum(["bert", "roberta", "albert"]).default("bert") });

/**
 * Reads the `config.json` of a Hugging Face model.
 *
 * @param path Opens the error messages.
 * @throws {ModelFileError} If the model is of another kind or a field is missing or impossible; it names the field.
 */
export function parseEncoderConfig(text: string, path: string): BertConfig {
  const { model_type: family } = parseJsonFile(text, familySchema, path);
  if (family === "albert") throw new ModelFileError(path, "must not be albert yet.");
  const json = parseJsonFile(text, bertSchema, path);
  return {
    family,
    vocabularySize: json.vocab_size,
    hiddenSize: json.hidden_size,
    layers: json.num_hidden_layers,
    heads: json.num_attention_heads,
    intermediateSize: json.intermediate_size,
    maxPositions: json.max_position_embeddings,
    typeVocabularySize: json.type_vocab_size,
    dropout: json.hidden_dropout_prob,
    attentionDropout: json.attention_probs_dropout_prob,
    layerNormEpsilon: json.layer_norm_eps,
    activation: json.hidden_act,
    padId: json.pad_token_id ?? (family === "roberta" ? 1 : 0),
  };
}
