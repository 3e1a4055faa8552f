import { describe, expect, it } from "vitest";

import { formatClaims, formatMeasuredClaims, replaceClaims } from "./claims-table.ts";
import type { MeasuredClaim } from "./measure-claims.ts";

const claim = { id: "one", source: "Table 1", statement: "It is so.", printed: [], measures: [] };
const unmeasured: MeasuredClaim = {
  claim: { ...claim, unmeasured: "nobody knows" },
  verdict: "not measured",
  findings: [],
  missing: [],
};
const waiting: MeasuredClaim = {
  claim: { ...claim, printed: [{ what: "F1, Towns", value: 61.5 }] },
  verdict: "not measured",
  findings: [],
  missing: ["a", "b", "c", "d", "e", "f"],
};
const mixed: MeasuredClaim = {
  claim: { ...claim, printed: [{ what: "F1, Towns", value: 61.5, against: 60 }] },
  verdict: "holds in part",
  findings: [
    { what: "F1", text: "2.00 against 1.00: +1.00", holds: true },
    { what: "AUC", text: "1.00 against 2.00: −1.00", holds: false },
  ],
  missing: [],
};

describe("formatClaims", () => {
  it("lists those that were measured first, and says of the others why or what they need", () => {
    const lines = formatClaims([unmeasured, waiting, mixed]).split("\n");

    expect(lines[0]).toMatch(/^1 holds in part, 2 are not measured\. /);
    expect(lines.slice(4)).toEqual([
      "| It is so. | Table 1 | 61.5 against 60.0 (F1, Towns) | F1: 2.00 against 1.00: +1.00; AUC: 1.00 against 2.00: −1.00 ✗ | holds in part |",
      "| It is so. | Table 1 | – | nobody knows | not measured |",
      "| It is so. | Table 1 | 61.5 (F1, Towns) | needs `a`, `b`, `c`, `d` and 2 more | not measured |",
    ]);
  });
});

describe("formatMeasuredClaims", () => {
  it("leaves out the others, but for their number", () => {
    const text = formatMeasuredClaims([unmeasured, mixed]);

    expect(text).toMatch(/^1 holds in part, 1 is not measured: the paper's `PAPER\.md` lists all\. /);
    expect(text).not.toContain("nobody knows");
    expect(formatMeasuredClaims([unmeasured])).toBe("1 is not measured: the paper's `PAPER.md` lists all.");
  });
});

describe("replaceClaims", () => {
  const start = "<!-- claims: written by `relatum-bench report --claims`; do not edit -->";

  it("puts the table between its marks, whatever was there", () => {
    const once = replaceClaims(`before\n${start}\n<!-- /claims -->\nafter\n`, "old", "PAPER.md");

    expect(replaceClaims(once, "new", "PAPER.md")).toBe(`before\n${start}\n\nnew\n\n<!-- /claims -->\nafter\n`);
    expect(replaceClaims(once, "", "PAPER.md")).toBe(`before\n${start}\n<!-- /claims -->\nafter\n`);
  });

  it("names a file without marks", () => {
    expect(() => replaceClaims("# Toy", "new", "PAPER.md")).toThrow("PAPER.md must have the lines");
  });
});
