import { markdownTable, type TableColumn, textTable } from "@relatum/metrics";

/** A table in plain text: the first column flush left, the others flush right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return textTable(rows, columnsOf(header, "right")).trimEnd();
}

/** A table in Markdown. */
export function formatMarkdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable(rows, columnsOf(header, "left")).trimEnd();
}

function columnsOf(header: readonly string[], align: "left" | "right"): TableColumn<readonly string[]>[] {
  return header.map((title, index) => ({
    title,
    cell: (row) => row[index] ?? "",
    align: index === 0 ? "left" : align,
  }));
}
