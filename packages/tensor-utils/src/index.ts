export { attention, attentionWeights } from "./kernels/attention.ts";
export { dropout } from "./kernels/dropout.ts";
export { gatherRows } from "./kernels/gather-rows.ts";
export { gelu, tanhGelu } from "./kernels/gelu.ts";
export { groupBilinear } from "./kernels/group-bilinear.ts";
export { matrixProduct } from "./kernels/linear.ts";
export { bidirectionalLstm, type LstmDirections, type LstmResult, type LstmWeights } from "./kernels/lstm.ts";
export {
  constantParameter,
  Embedding,
  FeedForward,
  LayerNorm,
  Linear,
  normalParameter,
  uniformParameter,
} from "./layers.ts";
export { sigmoidLoss, softmaxLoss, weightedMean } from "./losses.ts";
export { drawNoiseSeed, INFERENCE, type Mode, Noise } from "./mode.ts";
export { type LoadParametersOptions, Module, type NamedTensors } from "./module.ts";
export { withParameterBudget } from "./parameter-budget.ts";
export { logSumExpPool, meanPool } from "./pooling.ts";
export { createRandom, type Random } from "./random.ts";
export { readAndDispose } from "./read-and-dispose.ts";
export {
  parseSafetensorsHeader,
  type SafetensorsEntry,
  SafetensorsError,
  type SafetensorsFormat,
  type SafetensorsHeader,
  safetensorsHeaderEnd,
} from "./safetensors-header.ts";
export {
  type DecodedValues,
  decodeValues,
  formatSafetensors,
  layOutSafetensors,
  parseSafetensors,
  readBytes,
  type SafetensorsLayout,
  type SafetensorsView,
  viewSafetensors,
} from "./safetensors.ts";
export { axisSizes, ShapeError } from "./shapes.ts";
