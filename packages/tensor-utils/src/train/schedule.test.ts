import { describe, expect, it } from "vitest";

import { linearWarmup } from "./schedule.ts";

describe("linearWarmup", () => {
  it("rises from exactly 0 to 1 and falls back to 0", () => {
    const schedule = linearWarmup({ warmupSteps: 2, totalSteps: 6 });

    const multipliers = [0, 1, 2, 3, 4, 5, 6, 7].map(schedule);

    expect(multipliers).toEqual([0, 1 / 2, 1, 3 / 4, 2 / 4, 1 / 4, 0, 0]);
  });

  it("starts at 1 without a warm-up", () => {
    expect([0, 1, 2].map(linearWarmup({ warmupSteps: 0, totalSteps: 2 }))).toEqual([1, 0.5, 0]);
  });

  it("stays finite when the warm-up is as long as the run", () => {
    expect([0, 1, 2, 3].map(linearWarmup({ warmupSteps: 2, totalSteps: 2 }))).toEqual([0, 0.5, 0, 0]);
  });

  it("refuses counts that are no counts", () => {
    expect(() => linearWarmup({ warmupSteps: -1, totalSteps: 2 })).toThrow(
      "warmupSteps must be an integer ≥ 0, got -1.",
    );
    expect(() => linearWarmup({ warmupSteps: 0, totalSteps: 2.5 })).toThrow(
      "totalSteps must be an integer ≥ 0, got 2.5.",
    );
  });
});
