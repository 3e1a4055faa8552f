import { existsSync, readFileSync } from "node:fs";

import { parseRunLog } from "./run-log.ts";

/**
 * Reads from a run's log how long a training step took.
 *
 * @returns The median of the seconds between two steps with nothing between them; undefined without such steps.
 */
export function secondsPerStep(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const lines = parseRunLog(readFileSync(path, "utf8"));
  const seconds = lines.flatMap((line, index) => {
    const before = lines[index - 1];
    const follows = line.kind === "step" && before?.kind === "step" && before.epoch === line.epoch;
    return follows ? [(Date.parse(line.time) - Date.parse(before.time)) / 1000] : [];
  });
  return median(seconds);
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
