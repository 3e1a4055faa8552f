import { linearWarmup, type Schedule } from "@relatum/tensor-utils/train";

import type { GainConfig } from "./config.ts";

/** What {@link gainSchedule} needs to know of a run. */
export interface GainScheduleSettings extends Pick<GainConfig, "schedule"> {
  readonly totalSteps: number;
  readonly epochs: number;
  /** Share of the steps in which the learning rates rise, 0–1. */
  readonly warmup: number;
}

/**
 * Creates the schedule of the learning rates.
 *
 * `constant` stays up after the warm-up; `linear` falls to 0; `cosine` is the released code's: constant within an epoch,
 * down and up again in half waves of a quarter of all epochs and one.
 */
export function gainSchedule({ schedule, totalSteps, epochs, warmup }: GainScheduleSettings): Schedule {
  const warmupSteps = Math.floor(totalSteps * warmup);
  if (schedule === "linear") return linearWarmup({ warmupSteps, totalSteps });
  const stepsPerEpoch = Math.max(1, Math.ceil(totalSteps / epochs));
  const halfWave = Math.floor(epochs / 4) + 1;
  return (step) => {
    if (step < warmupSteps) return step / warmupSteps;
    if (schedule === "constant") return 1;
    return (1 + Math.cos((Math.PI * Math.floor(step / stepsPerEpoch)) / halfWave)) / 2;
  };
}
