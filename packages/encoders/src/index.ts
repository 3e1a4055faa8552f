export type { Activation } from "./layers/activation.ts";
export { type AlbertConfig, AlbertEncoder } from "./albert.ts";
export type { Backbone } from "./backbone.ts";
export { type BertConfig, BertEncoder } from "./bert.ts";
export { type BiLstmConfig, BiLstmEncoder, type BiLstmInput } from "./bilstm.ts";
export {
  collateDocuments,
  type CollateDocumentsOptions,
  countTokens,
  disposeDocuments,
  type DocumentInput,
} from "./documents/document-input.ts";
export type { WindowOptions } from "./documents/document-windows.ts";
export type { Encoder, EncoderInput, EncoderOutput } from "./encoder.ts";
export type { DownloadProgress, HubOptions } from "./hub/hub-settings.ts";
export { type DocumentEncoding, encodeDocuments } from "./documents/long-document.ts";
export { encoderTrainingBytes } from "./encoding-bytes.ts";
export { ModelFileError } from "./weights/model-file-error.ts";
export { type EncoderFamily, fromHuggingFaceName, toHuggingFaceName } from "./weights/parameter-names.ts";
export { loadPretrained, type LoadPretrainedOptions } from "./pretrained.ts";
export { EncoderNotFoundError, resolveEncoder } from "./hub/resolve-encoder.ts";
export { fillModelCard, formatModelCard, type ModelCard, type ModelCardSection } from "./model-card.ts";
export { headParameters, restoreModel, type SavedModelKind, SavedModels } from "./saved-model.ts";
export { savePretrained } from "./save-pretrained.ts";
export { parseTokenizer, type ParseTokenizerOptions, SubwordTokenizer } from "./tokens/subword.ts";
export type { Tokenizer } from "./tokens/tokenizer.ts";
export type { WindowPlacement } from "./documents/window-placement.ts";
export { type GloveOptions, loadDocredVectors, loadGloveVectors, type WordVectors } from "./words/word-vectors.ts";
export { parseWordVocabulary, type UnknownWords, WordVocabulary } from "./words/word-vocabulary.ts";
