import type { Document } from "./document.ts";

/** Takes a file line by line and gives each document once its last line is read. */
export interface LineParser {
  /** Takes the next line, without its line break. */
  readLine(line: string): Document | undefined;
  /** Says that no line follows. */
  end(): Document | undefined;
}

/** Reads a whole text with a line parser. */
export function parseLines(text: string, parser: LineParser): Document[] {
  const documents: Document[] = [];
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    const document = parser.readLine(line);
    if (document !== undefined) documents.push(document);
  }
  const last = parser.end();
  if (last !== undefined) documents.push(last);
  return documents;
}
