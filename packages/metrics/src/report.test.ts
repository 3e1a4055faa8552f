import { describe, expect, it } from "vitest";

import { createReportRow, formatReport, type ReportRow } from "./report.ts";

const full = createReportRow({
  model: "ATLOP",
  variant: "full",
  dataset: "CDR",
  split: "test",
  encoder: "MiniLM",
  metric: "F1",
  values: [48, 45, 51],
  command: "npm run bench -- run --suite lite",
});

describe("createReportRow", () => {
  it("works out the mean", () => {
    expect(full.mean).toBe(48);
  });

  it("refuses rows without a value, and values that are not finite", () => {
    expect(() => createReportRow({ ...full, values: [] })).toThrow("values must hold one score a seed, got none.");
    expect(() => createReportRow({ ...full, values: [1, NaN] })).toThrow("values must be finite, got NaN.");
  });
});

describe("formatReport", () => {
  const compared: ReportRow = createReportRow({
    ...full,
    variant: "without localized context",
    values: [40.256],
    published: 69.4,
    publishedDeviation: 1.1,
    source: "Table 4",
    reference: 47,
    note: "4 epochs, MiniLM | not SciBERT",
  });

  it("writes aligned text, without the columns that no row fills", () => {
    expect(formatReport({ rows: [full] }, "text")).toBe(
      [
        "Model  Data      Encoder  Metric          Ours  Seeds",
        "─────  ────────  ───────  ──────  ────────────  ─────",
        "ATLOP  CDR test  MiniLM   F1      48.00 ± 3.00      3",
        "",
        "$ npm run bench -- run --suite lite",
        "",
      ].join("\n"),
    );
  });

  it("shows the deviation over seeds, the reference, the published score and the note", () => {
    const lines = formatReport({ rows: [full, compared] }, "text").split("\n");

    const cells = lines[3]?.split(/\s{2,}/u);
    expect(cells).toEqual([
      "ATLOP, without localized context",
      "CDR test",
      "MiniLM",
      "F1",
      "40.26",
      "1",
      "47.00",
      "69.40 ± 1.10",
      "Table 4",
      "4 epochs, MiniLM | not SciBERT",
    ]);
  });

  it("writes a Markdown table whose bars line up, escapes those in cells, and lists each command once", () => {
    const text = formatReport({ rows: [full, compared] }, "markdown");

    const table = text.split("\n").filter((line) => line.startsWith("|"));
    expect(table).toHaveLength(4);
    expect(new Set(table.map((line) => line.length)).size).toBe(1);
    expect(table[1]).toContain("-: |");
    expect(table[3]).toContain("MiniLM \\| not SciBERT");
    expect(text.endsWith("|\n\n```sh\nnpm run bench -- run --suite lite\n```\n")).toBe(true);
  });

  it("writes JSON that holds the rows in full", () => {
    expect(JSON.parse(formatReport({ rows: [full, compared] }, "json"))).toEqual([full, compared]);
  });

  it("says so where there are no results", () => {
    expect(formatReport({ rows: [] }, "text")).toBe("No results.\n");
    expect(formatReport({ rows: [] }, "markdown")).toBe("No results.\n");
    expect(formatReport({ rows: [] }, "json")).toBe("[]\n");
  });
});
