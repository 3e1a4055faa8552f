import type { Backbone, Tokenizer, WordVectors } from "@relatum/encoders";

/** What GAIN reads text with: a pretrained encoder (GAIN-BERT), or vectors of words for its own BiLSTM (GAIN-GloVe). */
export type GainBackbone = Backbone | WordVectors;

/** What splits a text into the tokens that a backbone knows. */
export function tokenizerOf(backbone: GainBackbone): Tokenizer {
  return "tokenizer" in backbone ? backbone.tokenizer : backbone.vocabulary;
}
