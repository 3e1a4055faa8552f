export type { Encoder, EncoderInput, EncoderOutput } from "./encoder.ts";
export type { Tokenizer } from "./tokenizer.ts";
