import { describe, expect, it } from "vitest";

import type { TimedEvent } from "../run-log.ts";
import { learningCurves } from "./learning-curves.ts";
import type { Setting } from "./settings.ts";

const time = "2026-01-01T00:00:00Z";
const step = (number: number, loss: number, stage?: string): TimedEvent => {
  const event = {
    time,
    kind: "step",
    epoch: 1,
    step: number,
    loss,
    gradientNorm: 1,
    learningRateMultiplier: 1,
  } as const;
  return stage === undefined ? event : { ...event, stage };
};

function settingOf(log: readonly TimedEvent[]): Setting {
  return { label: "Toy", runs: [{ log, config: { seed: 7 } }] } as unknown as Setting;
}

describe("learningCurves", () => {
  it("counts a step that was done again after a stop once, with its last loss", () => {
    const [curves] = learningCurves(settingOf([step(1, 4), step(2, 9), step(2, 2), step(3, 1)]));

    expect(curves?.losses).toEqual([
      { model: "Toy", seed: "seed 7", x: 1, y: 4 },
      { model: "Toy", seed: "seed 7", x: 2, y: 2 },
      { model: "Toy", seed: "seed 7", x: 3, y: 1 },
    ]);
  });

  it("thins many steps to means of runs of them", () => {
    const log = Array.from({ length: 100 }, (_, index) => step(index + 1, index % 2 === 0 ? 1 : 3));

    const [curves] = learningCurves(settingOf(log));

    expect(curves?.losses).toHaveLength(50);
    expect(curves?.losses[0]).toMatchObject({ x: 1.5, y: 2 });
  });

  it("keeps the stages of a paper apart, and gives scores in percent by epoch", () => {
    const epoch: TimedEvent = { time, kind: "epoch", epoch: 1, meanLoss: 1, score: 0.125, stage: "relation" };

    const curves = learningCurves(settingOf([step(1, 4, "entity"), step(1, 2, "relation"), epoch]));

    expect(curves.map(({ stage, losses }) => [stage, losses.map(({ y }) => y)])).toEqual([
      ["entity", [4]],
      ["relation", [2]],
    ]);
    expect(curves[1]?.scores).toMatchObject([{ x: 1, y: 12.5 }]);
  });
});
