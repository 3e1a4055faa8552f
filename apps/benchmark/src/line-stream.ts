/** A line of a stream. */
export interface StreamLine {
  /** Its place, from 1. */
  readonly number: number;
  /** Without the line break; none where it was too long to be kept. */
  readonly text?: string;
}

/** The longest line that is kept, in characters. */
export const LONGEST_LINE: number = 2 ** 24;

/**
 * Cuts a stream of UTF-8 into lines, and gives those that came together as one group.
 *
 * What is kept of the stream at a time is one piece of it and the line that it ends in.
 *
 * @param longest Longer lines, in characters, are told of and not kept.
 */
export async function* groupLines(
  chunks: AsyncIterable<Uint8Array>,
  longest: number = LONGEST_LINE,
): AsyncGenerator<StreamLine[]> {
  const decoder = new TextDecoder("utf-8"); // takes a byte order mark away
  let number = 1;
  let rest = "";
  let isTooLong = false;
  const close = (end: string): StreamLine => {
    const text = rest + end;
    const line = isTooLong || text.length > longest ? { number } : { number, text: text.replace(/\r$/, "") };
    number += 1;
    rest = "";
    isTooLong = false;
    return line;
  };
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split("\n");
    const last = pieces.pop() ?? "";
    const group = pieces.map(close);
    isTooLong ||= rest.length + last.length > longest;
    rest = isTooLong ? "" : rest + last;
    if (group.length > 0) yield group;
  }
  const last = close(decoder.decode());
  if (last.text !== "") yield [last];
}
