import type { WordSpan } from "./spans.ts";

/**
 * Chooses the words around a core that fit into so many tokens, nearest first, from either side in turn.
 *
 * @param lengths Tokens of each word.
 * @param core Words that must be among them.
 * @param room How many tokens they may take together.
 * @returns Nothing if the core alone is too long.
 */
export function fitWords(lengths: readonly number[], core: WordSpan, room: number): WordSpan | undefined {
  let { start, end } = core;
  let left = room - lengths.slice(start, end).reduce((sum, length) => sum + length, 0);
  if (left < 0) return undefined;
  let [growsBack, growsOn] = [true, true];
  while (growsBack || growsOn) {
    const before = growsBack ? lengths[start - 1] : undefined;
    growsBack = before !== undefined && before <= left;
    if (before !== undefined && growsBack) {
      start -= 1;
      left -= before;
    }
    const after = growsOn ? lengths[end] : undefined;
    growsOn = after !== undefined && after <= left;
    if (after !== undefined && growsOn) {
      end += 1;
      left -= after;
    }
  }
  return { start, end };
}
