export type { Activation } from "./activation.ts";
export { type AlbertConfig, AlbertEncoder } from "./albert.ts";
export type { Backbone } from "./backbone.ts";
export { type BertConfig, BertEncoder } from "./bert.ts";
export {
  collateDocuments,
  type CollateDocumentsOptions,
  disposeDocuments,
  type DocumentInput,
} from "./document-input.ts";
export type { WindowOptions } from "./document-windows.ts";
export type { Encoder, EncoderInput, EncoderOutput } from "./encoder.ts";
export type { DownloadProgress, HubOptions } from "./hub-settings.ts";
export { type DocumentEncoding, encodeDocuments } from "./long-document.ts";
export { ModelFileError } from "./model-file-error.ts";
export { type EncoderFamily, fromHuggingFaceName, toHuggingFaceName } from "./parameter-names.ts";
export { loadPretrained, type LoadPretrainedOptions } from "./pretrained.ts";
export { EncoderNotFoundError, resolveEncoder } from "./resolve-encoder.ts";
export { savePretrained } from "./save-pretrained.ts";
export { parseTokenizer, type ParseTokenizerOptions, SubwordTokenizer } from "./subword.ts";
export type { Tokenizer } from "./tokenizer.ts";
export type { WindowPlacement } from "./window-placement.ts";
