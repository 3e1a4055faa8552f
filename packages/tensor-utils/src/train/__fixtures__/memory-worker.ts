// Trains the tiny model for 1,000 steps on batches of eight sizes and writes the resident megabytes after 200 and 1,000.
import { useEngine } from "../../native/index.ts";
import { createRandom } from "../../random.ts";
import { fit } from "../fit.ts";
import { makeBatch, TinyModel, tinyOptions } from "./tiny-regression.ts";

await useEngine((process.env["RELATUM_ENGINE"] ?? "auto") as Parameters<typeof useEngine>[0]);
const model = new TinyModel();
const sizes = createRandom(3);
const megabytes: number[] = [];
await fit(model, {
  ...tinyOptions(model),
  epochs: 1,
  batches: () => Array.from({ length: 1000 }, (_, index) => () => makeBatch(1, index, 64 * (1 + sizes.integer(8)))),
  log: (event) => {
    if (event.kind !== "step" || (event.step !== 200 && event.step !== 1000)) return;
    globalThis.gc?.();
    megabytes.push(process.memoryUsage().rss / 2 ** 20);
  },
});
process.stdout.write(JSON.stringify(megabytes));
