import { describe, expect, it } from "vitest";

import { gainSchedule } from "./schedule.ts";

describe("gainSchedule", () => {
  const run = { totalSteps: 100, epochs: 10, warmup: 0.1 };

  it("stays up after the warm-up when constant", () => {
    const schedule = gainSchedule({ ...run, schedule: "constant" });

    expect([0, 5, 10, 99].map(schedule)).toEqual([0, 0.5, 1, 1]);
    expect(gainSchedule({ ...run, warmup: 0, schedule: "constant" })(0)).toBe(1);
  });

  it("falls to 0 when linear", () => {
    const schedule = gainSchedule({ ...run, schedule: "linear" });

    expect([5, 10, 55, 100].map(schedule)).toEqual([0.5, 1, 0.5, 0]);
  });

  it("goes down and up again epoch by epoch when a cosine", () => {
    // Ten epochs: half waves of ⌊10 / 4⌋ + 1 = 3 epochs, of ten steps each.
    const schedule = gainSchedule({ ...run, warmup: 0, schedule: "cosine" });

    const rates = [0, 9, 10, 20, 30, 60].map(schedule);

    expect(rates).toEqual([1, 1, 0.75, 0.25, 0, 1].map((rate) => expect.closeTo(rate, 12) as number));
  });
});
