import { BiLstmEncoder } from "./bilstm.ts";
import type { Encoder } from "./encoder.ts";

const BYTES = 4;

/** Layers that an encoder of another make is taken to have. */
const USUAL_LAYERS = 12;

/** Attention maps of one layer that its gradient holds at a time, besides the one kept by every layer. */
const MAPS_AT_WORK = 4;

/** Vectors of a token that a layer keeps for its gradient: of the hidden width, and of the wider one between its maps. */
const KEPT_VECTORS = { hidden: 8, intermediate: 4 } as const;

/** Vectors of a token and a direction that an LSTM's layer keeps: four gates, two states, and their gradients. */
const LSTM_VECTORS = 16;

/**
 * Estimates what a training step holds of an encoder's work: what layers keep for the gradient, and one layer at work.
 *
 * For each layer `heads · tokens²` and 24 vectors a token (8 of the hidden width and 4 of the width between the maps); for
 * the one at work four times `heads · tokens²` more. A BiLSTM has no attention, and 16 vectors a token and direction.
 *
 * @param rows How many rows, padding included.
 * @param tokens Of each row, padding included.
 * @returns Bytes, without those of weights and their gradients.
 */
export function encoderTrainingBytes(encoder: Encoder | BiLstmEncoder, rows: number, tokens: number): number {
  if (encoder instanceof BiLstmEncoder) {
    const { inputSize, stateSize, layers } = encoder.config;
    return BYTES * rows * tokens * (inputSize + 2 * LSTM_VECTORS * stateSize * layers);
  }
  const { hiddenSize, heads } = encoder;
  const { layers, intermediateSize } = sizesOf(encoder);
  const vectors = KEPT_VECTORS.hidden * hiddenSize + KEPT_VECTORS.intermediate * intermediateSize;
  const maps = heads * tokens ** 2;
  return BYTES * rows * (layers * (maps + vectors * tokens) + MAPS_AT_WORK * maps);
}

function sizesOf(encoder: Encoder): { readonly layers: number; readonly intermediateSize: number } {
  const usual = { layers: USUAL_LAYERS, intermediateSize: 4 * encoder.hiddenSize };
  return "config" in encoder ? { ...usual, ...(encoder.config as Partial<typeof usual>) } : usual;
}
