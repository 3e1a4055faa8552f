import type { HostileReader } from "../../../tools/hostile-readers.ts";

/** The places that have readers of foreign files; each is worked through in processes of its own. */
export const PLACES = {
  "tensors and checkpoints": () => import("../../../packages/tensor-utils/src/__fixtures__/hostile-readers.ts"),
  "models, tokenizers and word vectors": () => import("../../../packages/encoders/src/__fixtures__/hostile-readers.ts"),
  "data sets": () => import("../../../packages/datasets/src/__fixtures__/hostile-readers.ts"),
  "ATLOP's models": () => import("../../../packages/atlop/src/__fixtures__/hostile-readers.ts"),
  "GAIN's models": () => import("../../../packages/gain/src/__fixtures__/hostile-readers.ts"),
  "PURE's models": () => import("../../../packages/pure/src/__fixtures__/hostile-readers.ts"),
  "experiments and runs": () => import("../../../apps/benchmark/src/__fixtures__/hostile-readers.ts"),
} satisfies Record<string, () => Promise<{ readonly HOSTILE_READERS: readonly HostileReader[] }>>;

/** One of {@link PLACES}. */
export type Place = keyof typeof PLACES;

/** How many inputs a reader gets: fewer those that make models or write several files, for they take much longer. */
export function inputsOf(reader: string): number {
  if (/^(?:saved |config\.json of an encoder|model\.safetensors\.index)/.test(reader)) return 300;
  return reader.startsWith("training checkpoint") ? 1000 : 3900;
}
