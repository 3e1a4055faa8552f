// Trains the tiny model with checkpoints and writes a line of JSON per event, then one with the result.
// Arguments: checkpoint directory, batches per step.
import { writeSync } from "node:fs";

import { useEngine } from "../../native/index.ts";
import { fit } from "../fit.ts";
import { makeBatch, TinyModel, tinyOptions, weightsOf } from "./tiny-regression.ts";

const [directory = "", accumulate = "1"] = process.argv.slice(2);
const SCORES = [0.3, 0.9, 0.1];

// Synchronous, so that a line is out before the next step begins.
const write = (value: unknown): void => void writeSync(1, `${JSON.stringify(value)}\n`);

await useEngine((process.env["RELATUM_ENGINE"] ?? "auto") as Parameters<typeof useEngine>[0]);
const model = new TinyModel();
const report = await fit(model, {
  ...tinyOptions(model),
  epochs: SCORES.length,
  accumulate: Number(accumulate),
  // Seven batches: with two a step, the last step of an epoch has one.
  batches: (epoch) => [0, 1, 2, 3, 4, 5, 6].map((index) => () => makeBatch(epoch, index)),
  evaluate: async (epoch) => SCORES[epoch - 1] as number,
  checkpoint: { directory, resume: true, everySteps: 2 },
  log: write,
});
write({ kind: "result", report, weights: weightsOf(model) });
