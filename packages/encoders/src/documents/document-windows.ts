import type { Tokenizer } from "../tokens/tokenizer.ts";

/** How documents longer than a row are split. */
export interface WindowOptions {
  /** Longest row in tokens, start and end ids included. */
  readonly maxRowTokens: number;
  /**
   * `complete` takes as many windows as it takes to cover every token; `released` takes two, as ATLOP's authors do,
   * and leaves the middle of a document out that is longer than two windows. They agree wherever two suffice.
   */
  readonly windows?: "complete" | "released";
}

/** A part of a document that is encoded as one row. */
export interface DocumentWindow {
  /** The row, start and end ids included. */
  readonly tokenIds: readonly number[];
  /** First document token that the row holds. */
  readonly start: number;
  /** Document token after the last one that the row holds. */
  readonly end: number;
  /** Position in the row of the document token `start`. */
  readonly rowStart: number;
}

/** A window's overlap with the next is at least this share of a row, if there are more than two. */
const LEAST_OVERLAP = 1 / 8;

/**
 * Splits a document into rows; a document that fits into one stays as it is.
 *
 * The first window is closed by end ids of its own, the last is opened by start ids, those between have both; these
 * added tokens belong to no document token.
 *
 * @param tokenIds The document's ids, start and end ids included.
 * @throws {RangeError} If `maxRowTokens` leaves no room between start and end ids.
 */
export function splitIntoWindows(
  tokenIds: readonly number[],
  { startIds, endIds }: Pick<Tokenizer, "startIds" | "endIds">,
  { maxRowTokens, windows = "complete" }: WindowOptions,
): DocumentWindow[] {
  const length = tokenIds.length;
  if (length <= maxRowTokens) return [{ tokenIds, start: 0, end: length, rowStart: 0 }];

  const room = maxRowTokens - startIds.length - endIds.length;
  const overlap = Math.floor(maxRowTokens * LEAST_OVERLAP);
  if (room <= overlap) {
    const least = startIds.length + endIds.length;
    throw new RangeError(
      `maxRowTokens must exceed ${least} start and end ids by more than an eighth, got ${maxRowTokens}.`,
    );
  }
  const firstEnd = maxRowTokens - endIds.length;
  const lastStart = length - (maxRowTokens - startIds.length);
  const isGapClosed = windows === "released" || lastStart <= firstEnd;
  const between = isGapClosed ? [] : spreadStarts({ firstEnd, lastStart, room, overlap });
  return [
    { tokenIds: [...tokenIds.slice(0, firstEnd), ...endIds], start: 0, end: firstEnd, rowStart: 0 },
    ...between.map((start) => ({
      tokenIds: [...startIds, ...tokenIds.slice(start, start + room), ...endIds],
      start,
      end: start + room,
      rowStart: startIds.length,
    })),
    { tokenIds: [...startIds, ...tokenIds.slice(lastStart)], start: lastStart, end: length, rowStart: startIds.length },
  ];
}

/** Starts of the fewest windows of `room` tokens that close a gap, all overlaps being equal. */
function spreadStarts(gap: { firstEnd: number; lastStart: number; room: number; overlap: number }): number[] {
  const { firstEnd, lastStart, room, overlap } = gap;
  const count = Math.ceil((lastStart - firstEnd + overlap) / (room - overlap));
  const evenOverlap = (firstEnd + count * room - lastStart) / (count + 1);
  return Array.from({ length: count }, (_, index) => Math.round(firstEnd + index * room - (index + 1) * evenOverlap));
}
