import { describe, expect, it } from "vitest";

import type { ResultRow } from "../results.ts";
import type { SpeedEntry } from "../speed/speed-report.ts";
import type { PaperFigure } from "./figure.ts";
import { figurePoints } from "./figure-points.ts";

const rowOf = (experiment: string, mean: number, seeds: readonly number[] = [1, 2]): ResultRow =>
  ({
    model: "Toy",
    experiment,
    split: "test",
    metric: "F1",
    dataset: "Towns",
    mean,
    values: seeds.map((seed) => mean + seed - 1.5),
    seeds,
  }) as unknown as ResultRow;
const speed: SpeedEntry[] = [
  { case: "fast", peer: "relatum", ratio: 0.1, memoryRatio: 1, oursSeconds: 0.5, peerSeconds: 5, count: 50 },
];

function figureOf(points: PaperFigure["series"][number]["points"]): PaperFigure {
  return {
    source: "Table 1",
    title: "Speed",
    description: "Speed.",
    split: "test",
    x: { title: "a second", scale: "log" },
    y: { title: "F1" },
    series: [{ name: "ours", metric: "F1", points }],
  };
}

describe("figurePoints", () => {
  it("sets scores over numbers and over texts a second, and the paper's points after them", () => {
    const figure = figureOf([
      { experiment: "one", x: 100 },
      { label: "slow", experiment: "two", x: { speed: "fast", side: "peer" }, printed: { x: 30, y: 66.7 } },
      { label: "quick", experiment: "two", x: { speed: "fast", side: "ours" } },
    ]);

    expect(figurePoints(figure, "Toy", { rows: [rowOf("one", 10), rowOf("two", 20)], speed })).toEqual({
      dataset: "Towns",
      points: [
        { series: "ours", label: "one", x: 100, y: 10, seeds: 2 },
        { series: "ours", label: "slow", x: 10, y: 20, seeds: 2 },
        { series: "ours", label: "quick", x: 100, y: 20, seeds: 2 },
        { series: "ours, published", label: "slow", x: 30, y: 66.7, seeds: 0 },
      ],
    });
  });

  it("draws a series over the seeds that all of its points have", () => {
    const figure = figureOf([
      { experiment: "one", x: 0 },
      { experiment: "two", x: 100 },
    ]);

    const rows = [rowOf("one", 10), rowOf("two", 20, [2])];
    expect(figurePoints(figure, "Toy", { rows, speed }).points).toMatchObject([
      { x: 0, y: 10.5, seeds: 1 },
      { x: 100, y: 20.5, seeds: 1 },
    ]);

    const others = [rowOf("one", 10), rowOf("two", 20, [3])];
    expect(figurePoints(figure, "Toy", { rows: others, speed }).points).toMatchObject([
      { x: 0, y: 10, seeds: 2 },
      { x: 100, y: 20, seeds: 1 },
    ]);
  });

  it("has no points where less than two of ours were measured, and none of another paper's", () => {
    const rows = [rowOf("one", 10), rowOf("two", 20)];
    const whole = figureOf([
      { experiment: "one", x: 1 },
      { experiment: "two", x: 2, printed: { x: 1, y: 2 } },
    ]);
    const unmeasured = figureOf([
      { experiment: "one", x: 1 },
      { experiment: "two", x: { speed: "other", side: "ours" }, printed: { x: 1, y: 2 } },
    ]);

    expect(figurePoints(whole, "Toy", { rows, speed }).points).toHaveLength(3);
    expect(figurePoints(unmeasured, "Toy", { rows, speed }).points).toEqual([]);
    expect(figurePoints(whole, "Toy", { rows: rows.slice(1), speed }).points).toEqual([]);
    expect(figurePoints(whole, "Other", { rows, speed }).points).toEqual([]);
  });
});
