import { describe, expect, it } from "vitest";

import { describeCell, groupAblations } from "./ablations.ts";
import type { ResultRow } from "./results.ts";

type Place = Partial<Pick<ResultRow, "model" | "variant" | "dataset" | "encoder" | "epochs">>;

function rowsOf(experiment: string, bySeed: Readonly<Record<number, number>>, place: Place = {}): ResultRow[] {
  const values = Object.values(bySeed);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const base = { model: "Toy", variant: "full", dataset: "Towns", split: "test", encoder: "tiny", epochs: 2 };
  const seeds = Object.keys(bySeed).map(Number);
  const row = { ...base, ...place, experiment, values, mean, seeds, command: "", differences: [] };
  return ["F1", "Precision", "Infer F1"].map((metric) => ({ ...row, metric }) as unknown as ResultRow);
}

const full = rowsOf("full", { 1: 50, 2: 60 });
const less = rowsOf("less", { 2: 57, 3: 40 }, { variant: "less" });
const rival = rowsOf("rival", { 1: 45 }, { model: "Rival" });

describe("groupAblations", () => {
  it("puts the models of a split into one table, each with its variants after it, and takes differences over common seeds", () => {
    const [group, ...others] = groupAblations([...less, ...full, ...rival]);

    expect(others).toEqual([]);
    expect([group?.title, group?.metrics]).toEqual(["Towns test", ["F1", "Infer F1"]]);
    expect(group?.lines.map(({ row, cells }) => [row.experiment, cells[0]])).toEqual([
      ["rival", { mean: 45 }],
      ["full", { mean: 55 }],
      ["less", { mean: 48.5, difference: -3 }],
    ]);
  });

  it.each([
    ["other training", { variant: "less", epochs: 4 }],
    ["another encoder", { variant: "less", encoder: "large" }],
    ["another model", { variant: "less", model: "Rival" }],
  ])("knows no full model of %s", (_, place) => {
    const [, line] = groupAblations([...full, ...less, ...rowsOf("stranger", { 1: 10 }, place)]).flatMap(({ lines }) =>
      lines.filter(({ row }) => row.experiment === "stranger").flatMap(({ cells }) => [undefined, cells[0]]),
    );

    expect(line).toEqual({ mean: 10 });
  });

  it("has no table where no variant was measured", () => {
    expect(groupAblations([...full, ...rival])).toEqual([]);
  });
});

describe("describeCell", () => {
  it("writes a difference with its sign", () => {
    expect([describeCell({ mean: 48.5, difference: -3 }), describeCell({ mean: 5, difference: 0.5 })]).toEqual([
      "48.50 (−3.00)",
      "5.00 (+0.50)",
    ]);
    expect(describeCell({ mean: 5 })).toBe("5.00");
  });
});
