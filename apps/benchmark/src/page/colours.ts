/** Colours of models in the style sheet; after as many models they begin again, with other lines. */
export const COLOURS = 8;

/** How often a model's colour was used before it, at most 2. */
export function roundOf(index: number): 0 | 1 | 2 {
  return Math.min(2, Math.floor(index / COLOURS)) as 0 | 1 | 2;
}
