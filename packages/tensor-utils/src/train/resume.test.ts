import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as tf from "@tensorflow/tfjs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { Linear } from "../layers.ts";
import { createRandom } from "../random.ts";
import {
  type FitEvent,
  makeBatch,
  type TinyBatch,
  TinyModel,
  tinyOptions,
  weightsOf,
} from "./__fixtures__/tiny-regression.ts";
import { AbortedError } from "./aborted-error.ts";
import { AdamW } from "./adam-w.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { listCheckpoints } from "./checkpoint.ts";
import type { CheckpointOptions, FitOptions, FitReport } from "./fit-options.ts";
import { fit } from "./fit.ts";

// The portable engine: on the native one each run records its graph anew, which takes longer than all of its steps.
const engine = tf.getBackend();
beforeAll(() => tf.setBackend("cpu"));
afterAll(() => tf.setBackend(engine));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "relatum-resume-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const SCORES = [0.9, 0.5];

interface Outcome {
  readonly report?: FitReport;
  readonly error?: unknown;
  readonly events: readonly FitEvent[];
  readonly weights: readonly number[][];
}

/** Trains a new model, ending after `stopAfter` steps if that is given. */
async function train(changes: Partial<FitOptions<TinyBatch>> = {}, stopAfter?: number): Promise<Outcome> {
  const model = new TinyModel();
  const events: FitEvent[] = [];
  const controller = new AbortController();
  const options: FitOptions<TinyBatch> = {
    ...tinyOptions(model),
    evaluate: async (epoch) => SCORES[epoch - 1] as number,
    signal: controller.signal,
    log: (event) => {
      events.push(event);
      if (event.kind === "step" && event.step === stopAfter) controller.abort("stopped by the test");
    },
    ...changes,
  };
  const before = tf.memory().numTensors;
  try {
    const report = await fit(model, options);
    return { report, events, weights: weightsOf(model) };
  } catch (error) {
    return { error, events, weights: weightsOf(model) };
  } finally {
    expect(tf.memory().numTensors).toBe(before);
  }
}

const checkpoint = (changes: Partial<CheckpointOptions> = {}): { checkpoint: CheckpointOptions } => ({
  checkpoint: { directory, resume: true, ...changes },
});

const stepEvents = (events: readonly FitEvent[]): FitEvent[] => events.filter(({ kind }) => kind === "step");

describe("fit with checkpoints", () => {
  it.each([
    [2, "in the middle of the first epoch"],
    [3, "between the last step and the evaluation"],
    [4, "after the best epoch"],
  ])("goes on after step %i as if it had never stopped: %s", async (stopAfter) => {
    const undisturbed = await train();

    const stopped = await train(checkpoint(), stopAfter);
    const resumed = await train(checkpoint());

    expect(stopped.error).toBeInstanceOf(AbortedError);
    expect(stopped.error).toMatchObject({
      step: stopAfter,
      directory,
      cause: "stopped by the test",
      message: `training was stopped after step ${stopAfter}; resume from the checkpoint in "${directory}".`,
    });
    expect(resumed.events[0]).toEqual({ kind: "resume", epoch: stopAfter > 3 ? 2 : 1, step: stopAfter, skipped: [] });
    expect([...stepEvents(stopped.events), ...stepEvents(resumed.events)]).toEqual(stepEvents(undisturbed.events));
    expect(resumed.report).toEqual(undisturbed.report);
    expect(resumed.weights).toEqual(undisturbed.weights);
  });

  it("ends with the best epoch's parameters when resumed after that epoch", async () => {
    const oneEpoch = await train({ epochs: 1 });

    await train(checkpoint(), 5);
    const resumed = await train(checkpoint());

    expect(resumed.report?.bestEpoch).toBe(1);
    expect(resumed.weights).toEqual(oneEpoch.weights);
  });

  it("makes none of the batches that are done", async () => {
    await train(checkpoint(), 2);
    const made: string[] = [];
    const batches = (epoch: number): (() => TinyBatch)[] =>
      [0, 1, 2].map((index) => () => {
        made.push(`${epoch}.${index}`);
        return makeBatch(epoch, index);
      });

    await train({ ...checkpoint(), batches });

    expect(made).toEqual(["1.2", "2.0", "2.1", "2.2"]);
  });

  it("has nothing left to do when the run was complete", async () => {
    const complete = await train(checkpoint());

    const again = await train(checkpoint());

    expect(again.events).toEqual([{ kind: "resume", epoch: 3, step: 6, skipped: [] }]);
    expect(again.report).toEqual(complete.report);
    expect(again.weights).toEqual(complete.weights);
  });

  it("saves every so many steps and at the end of an epoch", async () => {
    const saved: string[] = [];
    const log = (event: FitEvent): void => void saved.push(`${event.kind}: ${readdirSync(directory).join(" ")}`);

    await train({ ...checkpoint({ everySteps: 2 }), evaluate: undefined as never, log });

    const [one, two, three, four] = [1, 2, 3, 4].map((number) => `checkpoint-00000${number}`);
    expect(saved).toEqual([
      "step: ",
      "step: ",
      `step: ${one}`,
      `epoch: ${one}`,
      `step: ${one} ${two}`,
      `step: ${two} ${three}`,
      `step: ${two} ${three}`,
      `epoch: ${three} ${four}`,
    ]);
  });

  it("falls back to the checkpoint before, and says so, when the last is damaged", async () => {
    const undisturbed = await train();
    await train(checkpoint({ everySteps: 1 }), 2);
    rmSync(join(directory, "checkpoint-000002", "moments.safetensors"));

    const resumed = await train(checkpoint());

    expect(resumed.events[0]).toMatchObject({ kind: "resume", step: 1 });
    expect(resumed.events[0]).toHaveProperty("skipped.0", expect.stringContaining("moments.safetensors must hold"));
    expect(resumed.weights).toEqual(undisturbed.weights);
  });

  it("keeps the checkpoint from before a loss that is not a number", async () => {
    const poisoned = (): TinyBatch => ({ input: tf.fill([4, 3], NaN), target: tf.zeros([4, 1]) });
    const batches = (): (() => TinyBatch)[] => [() => makeBatch(1, 0), poisoned];

    const { error } = await train({ ...checkpoint({ everySteps: 1 }), batches });

    expect(String(error)).toContain("loss of step 2 must be finite");
    expect(await listCheckpoints(directory)).toEqual(["checkpoint-000001"]);
  });

  it("loses no step when evaluation fails", async () => {
    const evaluate = (): Promise<number> => Promise.reject(new Error("no memory"));

    const { error } = await train({ ...checkpoint(), evaluate });
    const resumed = await train(checkpoint());

    expect(error).toEqual(new Error("no memory"));
    expect(resumed.events[0]).toMatchObject({ kind: "resume", epoch: 1, step: 3 });
  });

  it("begins anew only where there is no checkpoint", async () => {
    await train(checkpoint({ resume: false }), 1);

    const { error } = await train(checkpoint({ resume: false }));

    expect(error).toBeInstanceOf(CheckpointError);
    expect(String(error)).toContain("must hold no checkpoint to begin anew, got checkpoint-000001. Resume, or remove");
  });

  it.each<[string, Partial<FitOptions<TinyBatch>>, Record<string, string>, string]>([
    ["data", {}, { data: "b" }, 'whose data is "b", got "a".'],
    ["a name that is new", {}, { data: "a", encoder: "c" }, 'whose encoder is "c", got not given.'],
    ["a name that is gone", {}, {}, 'whose data is not given, got "a".'],
    ["seed", { random: createRandom(6) }, { data: "a" }, "whose fit.random is"],
    ["accumulation", { accumulate: 2 }, { data: "a" }, 'whose fit.accumulate is "2", got "1".'],
  ])(
    "refuses the checkpoint of a run that differs in %s, and changes nothing",
    async (_, changes, fingerprint, message) => {
      await train(checkpoint({ fingerprint: { data: "a" } }), 1);

      const { error, weights } = await train({ ...changes, ...checkpoint({ fingerprint }) });

      expect(error).toBeInstanceOf(CheckpointError);
      expect(String(error)).toContain(message);
      expect(weights).toEqual(weightsOf(new TinyModel()));
    },
  );

  it("refuses the checkpoint of another optimizer or model", async () => {
    await train(checkpoint(), 1);
    const faster = new TinyModel();
    const optimizer = new AdamW(faster.parameters(), [{ match: /./, learningRate: 1 }]);
    const wider = new TinyModel();
    Object.assign(wider, { pooler: new Linear(4, 5, createRandom(3)) });

    const fasterRun = (): Promise<FitReport> => fit(faster, { ...tinyOptions(faster), optimizer, ...checkpoint() });
    const widerRun = (): Promise<FitReport> => fit(wider, { ...tinyOptions(wider), ...checkpoint() });

    await expect(fasterRun()).rejects.toThrow("whose fit.optimizer is");
    await expect(widerRun()).rejects.toThrow('whose "pooler.weight" is float32 [5, 4], got float32 [4, 4].');
  });

  it("refuses data that has become shorter than what is done", async () => {
    await train(checkpoint(), 2);

    const { error } = await train({ ...checkpoint(), batches: () => [() => makeBatch(1, 0)] });

    expect(error).toEqual(new RangeError("batches(1) must give the 2 batches of before, got 1."));
  });
});
