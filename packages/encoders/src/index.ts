export type { Activation } from "./activation.ts";
export type { Backbone } from "./backbone.ts";
export { type BertConfig, BertEncoder } from "./bert.ts";
export type { Encoder, EncoderInput, EncoderOutput } from "./encoder.ts";
export type { Tokenizer } from "./tokenizer.ts";
