/** A column of a table over rows of some kind. */
export interface TableColumn<Row> {
  readonly title: string;
  /** What the column shows of a row; empty for nothing. */
  readonly cell: (row: Row) => string;
  /** `left` without it. */
  readonly align?: "left" | "right";
}

/** A Markdown table whose columns line up in the source too; bars and line breaks in cells are escaped. */
export function markdownTable<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[]): string {
  const escaped = columns.map((column) => ({
    ...column,
    cell: (row: Row) => oneLine(column.cell(row)).replaceAll("\\", "\\\\").replaceAll("|", "\\|"),
  }));
  const [titles = [], ...cells] = alignCells(rows, escaped);
  const rule = titles.map((title, index) => {
    const width = widthOf(title);
    return columns[index]?.align === "right" ? `${"-".repeat(width - 1)}:` : "-".repeat(width);
  });
  return [titles, rule, ...cells].map((line) => `| ${line.join(" | ")} |\n`).join("");
}

/** A table for the terminal: two spaces between columns, a rule below the titles. */
export function textTable<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[]): string {
  const single = columns.map((column) => ({ ...column, cell: (row: Row) => oneLine(column.cell(row)) }));
  const [titles = [], ...cells] = alignCells(rows, single);
  const rule = titles.map((title) => "─".repeat(widthOf(title)));
  return [titles, rule, ...cells].map((line) => `${line.join("  ").trimEnd()}\n`).join("");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, " ").trim();
}

/** Titles, then the cells of each row, every column padded to its widest. */
function alignCells<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[]): string[][] {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  const widths = columns.map((_, index) => Math.max(3, ...lines.map((line) => widthOf(line[index] ?? ""))));
  return lines.map((line) =>
    line.map((text, index) => {
      const padding = " ".repeat((widths[index] ?? 0) - widthOf(text));
      return columns[index]?.align === "right" ? padding + text : text + padding;
    }),
  );
}

/** Characters of a text, so that one outside the basic plane counts once. */
function widthOf(text: string): number {
  return Array.from(text).length;
}
