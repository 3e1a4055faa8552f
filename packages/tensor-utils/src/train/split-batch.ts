import type { Trainable } from "./fit-options.ts";

const BYTES = 4;

/** What training holds for each parameter: itself, two moments, the best epoch's copy, two gradients while they are summed. */
const COPIES = 6;

/** What {@link splitBatch} goes by. */
export interface SplitBatchOptions<Item> {
  /** Bytes that one part may take. */
  readonly budget: number;
  /** Estimates what a training step on these items takes, in bytes. */
  readonly bytesOf: (items: readonly Item[]) => number;
  /** Cuts an item in two that are learnt from as the whole is; none where that is impossible or saves too little. */
  readonly halve?: (item: Item) => readonly [Item, Item] | undefined;
}

/**
 * Splits what a batch is made of into parts that keep within a budget: by items first, then the items themselves.
 *
 * @returns Parts in the order of the items; an item that needs more and cannot be cut is a part of its own.
 */
export function splitBatch<Item>(items: readonly Item[], options: SplitBatchOptions<Item>): Item[][] {
  const { budget, bytesOf, halve } = options;
  if (bytesOf(items) <= budget) return [[...items]];
  if (items.length > 1) {
    const middle = Math.ceil(items.length / 2);
    return [items.slice(0, middle), items.slice(middle)].flatMap((half) => splitBatch(half, options));
  }
  const halves = items[0] !== undefined && halve?.(items[0]);
  return halves ? halves.flatMap((half) => splitBatch([half], options)) : [[...items]];
}

/**
 * What is left for the tensors of a batch of the memory that training may take.
 *
 * @param memory Bytes for all of training; see `TrainSettings`.
 * @returns Bytes, at least 0.
 */
export function batchMemory(model: Pick<Trainable<never>, "parameters">, memory: number): number {
  const numbers = [...model.parameters().values()].reduce((sum, { size }) => sum + size, 0);
  return Math.max(0, memory - COPIES * BYTES * numbers);
}
