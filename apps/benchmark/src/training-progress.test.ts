import type { StepEvent } from "@relatum/tensor-utils/train";
import { describe, expect, it } from "vitest";

import { formatBar, formatDuration, TrainingProgress } from "./training-progress.ts";

const stepEvent = (epoch: number, step: number, loss: number): StepEvent => ({
  kind: "step",
  epoch,
  step,
  loss,
  learningRateMultiplier: 1,
  gradientNorm: 1,
});

describe("TrainingProgress", () => {
  it("shows mean loss, rate and time left", () => {
    let time = 0;
    const progress = new TrainingProgress({ epochs: 2, documents: 20, documentsPerStep: 4 }, () => time);
    time = 2000;
    progress.describe(stepEvent(1, 1, 3));
    time = 4000;
    const line = progress.describe(stepEvent(1, 2, 1));

    // 4 documents in 2 seconds; 8 of 10 steps are left.
    expect(line).toBe("[====                ] step 2/10 loss 2.0000 2.0 documents/s 16 s left");
  });

  it("says which damaged checkpoints were passed over", () => {
    const progress = new TrainingProgress({ epochs: 2, documents: 8, documentsPerStep: 4 }, () => 0);
    const resume = { kind: "resume", epoch: 2, step: 3 } as const;

    expect(progress.describe({ ...resume, skipped: [] })).toBe("Going on after step 3 in epoch 2.");
    expect(progress.describe({ ...resume, skipped: ["a must be whole.", "b must too."] })).toBe(
      "Going on after step 3 in epoch 2. A damaged checkpoint was passed over: a must be whole. " +
        "A damaged checkpoint was passed over: b must too.",
    );
  });

  it("counts neither the time of scoring nor steps that an epoch leaves out", () => {
    let time = 0;
    const progress = new TrainingProgress({ epochs: 2, documents: 9, documentsPerStep: 4 }, () => time);
    time = 1000;
    progress.describe(stepEvent(1, 1, 1));
    time = 2000;
    progress.describe(stepEvent(1, 2, 1));
    time = 60_000;
    const epoch = progress.describe({ kind: "epoch", epoch: 1, meanLoss: 1, score: 0.5 });
    time = 61_000;
    const line = progress.describe(stepEvent(2, 3, 1));

    expect(epoch).toBe("Epoch 1 of 2: mean loss 1.0000, development score 50.00.");
    expect(line).toBe("[===============     ] step 3/4 loss 1.0000 4.0 documents/s 1 s left");
  });
});

describe("TrainingProgress of stages", () => {
  it("counts each stage by its own size, and names it", () => {
    let time = 0;
    const sizes = {
      first: { epochs: 1, documents: 8, documentsPerStep: 4 },
      second: { epochs: 3, documents: 8, documentsPerStep: 2 },
    };
    const progress = new TrainingProgress(
      (stage) => ({ ...sizes[stage as "first"], unit: "sentences" }),
      () => time,
    );
    time = 1000;
    const first = progress.describe({ ...stepEvent(1, 1, 1), stage: "first" });
    time = 2000;
    const second = progress.describe({ ...stepEvent(1, 1, 2), stage: "second" });
    const epoch = progress.describe({ kind: "epoch", epoch: 1, meanLoss: 1, stage: "second" });

    expect(first).toBe("first: [==========          ] step 1/2 loss 1.0000 4.0 sentences/s 1 s left");
    // 11 of 12 steps are left.
    expect(second).toBe("second: [==                  ] step 1/12 loss 2.0000 2.0 sentences/s 11 s left");
    expect(epoch).toBe("second: Epoch 1 of 3: mean loss 1.0000.");
  });

  it("learns at the second epoch that an epoch has more steps than thought", () => {
    let time = 0;
    const progress = new TrainingProgress({ epochs: 2, documents: 4, documentsPerStep: 4 }, () => time);
    const lines = [1, 2, 3].map((step) => {
      time += 1000;
      return progress.describe(stepEvent(1, step, 1));
    });
    time += 1000;

    expect(lines[0]).toContain("step 1/2");
    expect(lines[2]).toBe("step 3 of epoch 1 of 2 loss 1.0000 4.0 documents/s");
    expect(progress.describe(stepEvent(2, 4, 1))).toContain("step 4/6");
  });
});

describe("formatDuration", () => {
  it.each([
    [0.4, "0 s"],
    [59.6, "1 min 00 s"],
    [250, "4 min 10 s"],
    [11_100, "3 h 05 min"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe("formatBar", () => {
  it("stays within its width", () => {
    expect([formatBar(-1), formatBar(2)]).toEqual([`[${" ".repeat(20)}]`, `[${"=".repeat(20)}]`]);
  });
});
