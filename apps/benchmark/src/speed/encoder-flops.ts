/** The sizes of an encoder, as Hugging Face's `config.json` names them. */
export interface EncoderSizes {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
}

/**
 * Counts what the matrix products of an encoder's forward pass add and multiply, in thousand millions.
 *
 * A training step takes three times as much.
 */
export function forwardGigaflops(sizes: EncoderSizes, batch: number, tokens: number): number {
  const { hidden_size: hidden, intermediate_size: intermediate, num_hidden_layers: layers } = sizes;
  const maps = 4 * hidden ** 2 + 2 * hidden * intermediate; // query, key, value, output; feed-forward
  const attention = 2 * tokens * hidden; // scores; weighted values
  return (2 * layers * batch * tokens * (maps + attention)) / 1e9;
}
