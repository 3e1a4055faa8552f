import * as z from "zod";

import type { AlbertConfig } from "./albert.ts";
import type { BertConfig } from "./bert.ts";
import { parseJsonFile } from "./weights/json-file.ts";
import type { Tokenizer } from "./tokens/tokenizer.ts";

/** What an encoder that can be loaded is made from; `family` says which. */
export type EncoderConfig = BertConfig | AlbertConfig;

const size = z.int().min(1);
const rate = z.number().min(0).max(1);
const activation = z
  .enum(["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"])
  .transform((name) => (name === "gelu_pytorch_tanh" ? "gelu_new" : name));

const commonFields = {
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  max_position_embeddings: size.default(512),
  type_vocab_size: size.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.int().min(0).nullish(),
  position_embedding_type: z.literal("absolute").nullish(),
};

// A field that is left out has the value that Hugging Face gives it.
const bertSchema = z.object({
  ...commonFields,
  intermediate_size: size.default(3072),
  hidden_act: activation.default("gelu"),
  hidden_dropout_prob: rate.default(0.1),
  attention_probs_dropout_prob: rate.default(0.1),
});

const albertSchema = z.object({
  ...commonFields,
  embedding_size: size.default(128),
  num_hidden_groups: size.default(1),
  inner_group_num: size.default(1),
  intermediate_size: size.default(16384),
  hidden_act: activation.default("gelu_new"),
  hidden_dropout_prob: rate.default(0),
  attention_probs_dropout_prob: rate.default(0),
});

// The oldest models do not say what they are; they are BERTs.
const familySchema = z.object({ model_type: z.enum(["bert", "roberta", "albert"]).default("bert") });

/**
 * Reads the `config.json` of a Hugging Face model.
 *
 * @param path Opens the error messages.
 * @throws {ModelFileError} If the model is of another kind or a field is missing or impossible; it names the field.
 */
export function parseEncoderConfig(text: string, path: string): EncoderConfig {
  const { model_type: family } = parseJsonFile(text, familySchema, path);
  if (family === "albert") {
    const json = parseJsonFile(text, albertSchema, path);
    return {
      ...fromCommon(json, 0),
      family,
      embeddingSize: json.embedding_size,
      groups: json.num_hidden_groups,
      layersPerGroup: json.inner_group_num,
    };
  }
  return { ...fromCommon(parseJsonFile(text, bertSchema, path), family === "roberta" ? 1 : 0), family };
}

function fromCommon(
  json: z.infer<typeof bertSchema> | z.infer<typeof albertSchema>,
  usualPadId: number,
): Omit<BertConfig, "family"> {
  return {
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
    padId: json.pad_token_id ?? usualPadId,
  };
}

const ARCHITECTURES = { bert: "BertModel", roberta: "RobertaModel", albert: "AlbertModel" } as const;

/** The content of a `config.json` that Hugging Face understands. */
export function formatEncoderConfig(config: EncoderConfig, tokenizer: Tokenizer): object {
  return {
    architectures: [ARCHITECTURES[config.family]],
    model_type: config.family,
    vocab_size: config.vocabularySize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    type_vocab_size: config.typeVocabularySize,
    hidden_act: config.activation,
    hidden_dropout_prob: config.dropout,
    attention_probs_dropout_prob: config.attentionDropout,
    layer_norm_eps: config.layerNormEpsilon,
    ...(config.family === "albert" && {
      embedding_size: config.embeddingSize,
      num_hidden_groups: config.groups,
      inner_group_num: config.layersPerGroup,
    }),
    pad_token_id: config.padId,
    bos_token_id: tokenizer.startIds[0],
    eos_token_id: tokenizer.endIds[0],
    torch_dtype: "float32",
  };
}
