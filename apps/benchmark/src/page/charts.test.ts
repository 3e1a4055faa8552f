import { describe, expect, it } from "vitest";
import { parse, View } from "vega";
import { compile } from "vega-lite";

import { createCharts } from "./charts.ts";
import type { Setting } from "./settings.ts";

/** A setting with a log and scores of groups, without documents. */
function settingOf(label: string): Setting {
  const step = { kind: "step", epoch: 1, step: 1, loss: 0.5 };
  const log = [step, { ...step, step: 2 }, { kind: "epoch", epoch: 1, meanLoss: 0.5, score: 0.4 }];
  return {
    label,
    dataset: "Towns",
    task: "document",
    gold: "not found",
    rows: [{ split: "test", metric: "Intra F1", mean: 61.257 }],
    runs: [{ log, config: { seed: 1 }, curves: {}, predictions: {}, scores: {} }],
  } as unknown as Setting;
}

describe("createCharts", () => {
  it("draws up a chart of each kind that has something to show", () => {
    const charts = createCharts([settingOf("One"), settingOf("Two")]);

    expect(charts.map(({ title, split }) => [title, split])).toEqual([
      ["Training loss · Towns", undefined],
      ["Development score · Towns", undefined],
      ["F1 by kind of fact · Towns test", "test"],
    ]);
    expect(charts[2]?.spec.data.values).toEqual([
      { model: "One", group: "Intra", f1: 61.26 },
      { model: "Two", group: "Intra", f1: 61.26 },
    ]);
  });

  it("gives specifications that vega-lite draws", async () => {
    for (const { spec, title } of createCharts([settingOf("One")])) {
      const compiled = compile({ ...spec, width: 300 } as unknown as Parameters<typeof compile>[0]);
      const svg = await new View(parse(compiled.spec), { renderer: "none" }).toSVG();

      expect([title, svg.includes("<path")]).toEqual([title, true]);
    }
  });

  it("draws the ninth model in the first one's colour with another line", async () => {
    const settings = Array.from({ length: 9 }, (_, index) => settingOf(`Model ${index}`));
    const [losses] = createCharts(settings);

    const compiled = compile({ ...losses?.spec, width: 300 } as unknown as Parameters<typeof compile>[0]);
    const svg = await new View(parse(compiled.spec), { renderer: "none" }).toSVG();

    expect(svg.match(/stroke-dasharray="6,3"/g)).toHaveLength(1);
  });

  it("draws a run's whole curve where it kept one, with a dot at the model's own threshold", () => {
    const [run] = settingOf("One").runs;
    const points = Array.from({ length: 300 }, (_, index) => [index / 3, 100 - index / 3]);
    const scores = { test: { metrics: { Recall: 40, Precision: 61.234 } } };
    const setting = { ...settingOf("One"), runs: [{ ...run, curves: { test: { area: 50, points } }, scores }] };

    const chart = createCharts([setting as unknown as Setting]).find(({ section }) => section === "curves");

    const values = chart?.spec.data.values as { order: number; last: number; recall: number; precision: number }[];
    expect(values.length).toBeLessThanOrEqual(123);
    expect(values[0]).toMatchObject({ order: 0, recall: 0, precision: 100, last: 0 });
    expect(values.filter(({ last }) => last === 1)).toMatchObject([{ order: -1, recall: 40, precision: 61.23 }]);
  });
});
