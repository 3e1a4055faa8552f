import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { recordFault } from "../record.ts";
import { findDifferences, findUnsound, hashFiles, type Outcome, readContinuation, readOutcome } from "./outcome.ts";
import { SAVE_EVERY, smallExperiment, writeExperiment } from "./small-run.ts";
import { type Ending, type Plant, train } from "./training-process.ts";

const HOURS = 3_600_000;
/** Room for the checkpoints of a run and its model. */
const DISK = "size=40m";

/** Operations before which the disk becomes full, in the order in which a run comes to them. */
const MOMENTS = [
  ["the config is written", "^open config\\.json"],
  ["the first line of the log", "^append log"],
  ["a checkpoint's first file is opened", "^open .*checkpoint-000002[^/]*/parameters"],
  ["a checkpoint's second file is written", "^write .*checkpoint-000004[^/]*/moments"],
  ["a step's line in the log", "^append log", 6],
  ["a checkpoint's manifest is written", "^writeFile .*checkpoint-00000\\d[^/]*/manifest"],
  ["predictions are written", "^open predictions-development"],
  ["the final model's encoder is written", "^\\w+ model\\.partial/.*encoder"],
  ["the final model's head is written", "^\\w+ model\\.partial/.*head"],
  ["the scores are written", "^appendFile scores"],
] as const;

const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), "relatum-disk-"));
const disk = join(folder, "disk");
const filler = join(disk, "filler");
const experiment = writeExperiment(folder, smallExperiment("atlop"));
let expected: Outcome;
let obstacle = isRoot ? mount("tmpfs") : "only root may mount one";

beforeAll(async () => {
  const run = join(folder, "undisturbed");
  const { status, said } = await train(experiment, run);
  if (status !== 0) throw new Error(`The experiment must train, got: ${said}`);
  expected = readOutcome(run);
});
afterAll(() => {
  if (obstacle === undefined) execFileSync("umount", [disk]);
  rmSync(folder, { recursive: true, force: true });
});

/** Mounts a small disk in memory; gives back why that cannot be done. */
function mount(type: string): string | undefined {
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", type, "-o", DISK, type, disk], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** What is not as it must be after a run could not write: one error that names a file of the run, and nothing partial. */
function findFaults({ status, signal, said }: Ending, run: string, problem: RegExp): string[] {
  const errors = said.split("\n").filter((line) => /error/i.test(line));
  return [
    ...(status === 1 ? [] : [`ended with ${status ?? signal}`]),
    ...(errors.length === 1 ? [] : [`${errors.length} errors are told: ${said}`]),
    ...(errors[0]?.includes(run) && problem.test(errors[0]) ? [] : [`the error is not clear: ${errors[0]}`]),
    ...findUnsound(run),
  ];
}

/** Steps that the last process took again, beyond those since a checkpoint. */
const lostStepsOf = (run: string): number => Math.max(0, readContinuation(run).repeated - SAVE_EVERY);

/** Fills the disk up at each moment, frees it, and goes on, in one run; gives back what went wrong. */
async function fillAtEach(moments: readonly (readonly [string, string, number?])[], run: string, plant?: Plant) {
  const problems: string[] = [];
  let [tried, lostSteps] = [0, 0];
  for (const [name, match, nth] of moments) {
    const ending = await train(experiment, run, { plant, fault: { match, ...(nth && { nth }), fill: filler } });
    rmSync(filler, { force: true });
    lostSteps += lostStepsOf(run);
    if (!ending.isDisturbed) {
      problems.push(`${name}: the run never came there: ${ending.said}`);
      continue;
    }
    tried += 1;
    problems.push(...findFaults(ending, run, /no space left/).map((problem) => `${name}: ${problem}`));
  }
  const last = await train(experiment, run, { plant });
  lostSteps += lostStepsOf(run);
  if (last.status !== 0) problems.push(`the run cannot go on: ${last.said}`);
  else problems.push(...findDifferences(expected, run));
  return { problems, tried, lostSteps };
}

describe("training on a disk that is full", () => {
  it(
    "tells one clear error, and goes on as if nothing had been once there is room",
    { timeout: HOURS },
    async ({ skip }) => {
      if (obstacle !== undefined) {
        console.log(`The full disk is not tested: ${obstacle}.`);
        return skip();
      }

      const { problems, tried, lostSteps } = await fillAtEach(MOMENTS, join(disk, "run"));

      recordFault({
        area: "Training",
        fault: "full disk: log, checkpoint, predictions, final model, scores",
        tried,
        survived: Math.max(0, tried - problems.length),
        lost: lostSteps,
        planted: "earlier checkpoints removed before the new one is written",
      });
      expect(problems).toEqual([]);
      expect(lostSteps).toBe(0);
      rmSync(join(disk, "run"), { recursive: true });
    },
  );

  it("loses work, and is seen to, with a defect planted", { timeout: HOURS }, async ({ skip }) => {
    if (obstacle !== undefined) return skip();
    const plant: Plant = {
      file: "/train/checkpoint.js",
      find: "const partial = ",
      put: "await removeAll(directory, earlier); const partial = ",
    };
    const moment = ["the fifth checkpoint", "^open .*checkpoint-000005[^/]*/parameters"] as const;

    const { lostSteps, problems } = await fillAtEach([moment], join(disk, "planted"), plant);

    expect(lostSteps + problems.length).toBeGreaterThan(0);
    rmSync(join(disk, "planted"), { recursive: true });
  });
});

describe("training in a folder that is read-only", () => {
  const options = { timeout: HOURS };

  it("tells one clear error, changes nothing, and goes on once it may write", options, async ({ skip }) => {
    const home = obstacle === undefined ? disk : folder;
    if (isRoot && obstacle !== undefined) {
      console.log(`The read-only folder is not tested: root writes everywhere, and ${obstacle}.`);
      return skip();
    }
    const protect = (on: boolean): void => {
      if (isRoot) execFileSync("mount", ["-o", `remount,${on ? "ro" : "rw"}`, disk]);
      else for (const path of [home, join(home, "read-only")]) chmodSync(path, on ? 0o555 : 0o755);
    };
    const run = join(home, "read-only");
    await train(experiment, run, { fault: { match: "^open .*checkpoint-000004", signal: "SIGTERM" } });
    const before = hashFiles(run);

    protect(true);
    const resumed = await train(experiment, run);
    const begun = await train(experiment, join(home, "new"));
    const after = hashFiles(run);
    protect(false);
    const finished = await train(experiment, run);

    const problems = [
      ...findFaults(resumed, run, /read-only|permission denied/),
      ...findFaults(begun, join(home, "new"), /read-only|permission denied/),
      ...(finished.status === 0 ? findDifferences(expected, run) : [`the run cannot go on: ${finished.said}`]),
    ];
    recordFault({
      area: "Training",
      fault: "read-only folder: a new run, a run to go on with",
      tried: 2,
      survived: Math.max(0, 2 - problems.length),
      lost: readContinuation(run).repeated,
      planted: "none planted; it found an error that told of a missing folder instead",
    });
    expect(problems).toEqual([]);
    expect(after).toEqual(before);
  });
});
