import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { createRandom, type Random } from "../../../packages/tensor-utils/src/random.ts";
import { recordFault } from "../record.ts";
import { type Outcome, readOutcome } from "./outcome.ts";
import { type Paper, PAPERS, smallExperiment, writeExperiment } from "./small-run.ts";
import { type Death, type Survival, survive } from "./survive.ts";
import { type Plant, type Signal, train } from "./training-process.ts";

/** Another one gives other moments: `RELATUM_FAULT_SEED=7 npm run test:faults -- training/kill`. */
const SEED = Number(process.env["RELATUM_FAULT_SEED"] ?? 8);
const SIGNALS = ["SIGKILL", "SIGTERM", "SIGINT"] as const;
/** How many processes of each model are killed. */
const KILLS = Number(process.env["RELATUM_FAULT_KILLS"] ?? 30);
/** More operations on files than a process does between two checkpoints, and fewer than in a whole run. */
const OPERATIONS = 150;
const HOURS = 3_600_000;

/** An operation on a file by its pattern, or the n-th such. */
type Step = readonly [match: string, nth?: number];

/** Each step in which a checkpoint, the model and the scores come to be, in the order of a run; of PURE's second model. */
const WRITING: Readonly<Partial<Record<Paper, readonly Step[]>>> = {
  atlop: [
    ["^mkdir checkpoints/"],
    ["^open .*partial/moments"],
    ["^sync .*partial/best"],
    ["^writeFile .*partial/manifest"],
    ["^rename checkpoints/"],
    ["^open checkpoints$"],
    ["^rm checkpoints/checkpoint-\\d+$"],
    ["^writeFile model\\.partial/.*head"],
    ["^rename model\\.partial/whole$"],
    ["^rename model\\.partial/whole$", 2],
    ["^rm checkpoints$"],
    ["^rename scores"],
  ],
  pure: [
    ["^mkdir checkpoints/relation/"],
    ["^open .*relation/.*partial/moments"],
    ["^sync .*relation/.*partial/best"],
    ["^writeFile .*relation/.*partial/manifest"],
    ["^rename checkpoints/relation/"],
    ["^rm checkpoints/relation/checkpoint-\\d+$"],
    ["^writeFile model\\.partial/.*relation-head"],
    ["^rename scores"],
  ],
};

const folder = mkdtempSync(join(tmpdir(), "relatum-kills-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const undisturbed = new Map<Paper, Promise<Outcome>>();

/** Trains a paper's small experiment undisturbed, once. */
function expectedOf(paper: Paper): Promise<Outcome> {
  const known = undisturbed.get(paper) ?? trainUndisturbed(paper);
  undisturbed.set(paper, known);
  return known;
}

async function trainUndisturbed(paper: Paper): Promise<Outcome> {
  const run = join(folder, paper, "undisturbed");
  const { status, said } = await train(experimentOf(paper), run);
  if (status !== 0) throw new Error(`${paper} must train, got: ${said}`);
  return readOutcome(run);
}

const experimentOf = (paper: Paper): string => writeExperiment(join(folder, paper), smallExperiment(paper));

/** Two in three come inside an operation on the run's files, most of which write checkpoints; the rest from outside. */
function planDeaths(random: Random, count: number): Death[] {
  return Array.from({ length: count }, (_, number): Death => {
    const signal = SIGNALS[number % SIGNALS.length] as Signal;
    if (random.uniform() < 2 / 3) return { signal, fault: { signal, at: 1 + random.integer(OPERATIONS) } };
    return { signal, kill: { signal, afterLines: random.integer(10), delay: random.integer(200) } };
  });
}

function note(paper: Paper, { deaths, problems, lostSteps, runs, moments }: Survival): void {
  console.log(`${paper}: ${deaths} of ${KILLS} killed, ${runs} runs at their end, ${problems.length} problems.`);
  for (const [moment, count] of Object.entries(moments)) console.log(`  ${count} × ${moment}`);
  for (const problem of problems) console.log(`  ${problem}`);
  recordFault({
    area: "Training",
    fault: `SIGKILL, SIGTERM, SIGINT at random moments, two in three amid a write: ${paper.toUpperCase()}`,
    tried: deaths,
    survived: Math.max(0, deaths - problems.length),
    lost: lostSteps,
    planted: "a checkpoint that bears its name before it is whole; batches that start over after a resume",
    seed: SEED,
  });
}

describe("training that is killed and resumed", () => {
  it.each(PAPERS)("ends as if it had not been, bit for bit: %s", { timeout: 4 * HOURS }, async (paper) => {
    const expected = await expectedOf(paper);
    const random = createRandom(SEED).fork(paper);

    const survival = await survive(planDeaths(random, KILLS), {
      experiment: experimentOf(paper),
      folder: join(folder, paper),
      expected,
      report: (soFar) => note(paper, soFar),
    });

    expect(survival.problems).toEqual([]);
    expect(survival.lostSteps).toBe(0);
    expect(survival.deaths).toBe(KILLS);
  });
});

describe("training that is killed at each step of its writing", () => {
  const papers = PAPERS.filter((paper) => WRITING[paper] !== undefined);

  it.each(papers)("ends as if it had not been, bit for bit: %s", { timeout: HOURS }, async (paper) => {
    const steps = WRITING[paper] as readonly Step[];
    const expected = await expectedOf(paper);
    const deaths = steps.map(([match, nth]): Death => {
      return { signal: "SIGKILL", fault: { signal: "SIGKILL", match, ...(nth && { nth }) } };
    });

    const survival = await survive(deaths, {
      experiment: experimentOf(paper),
      folder: join(folder, "writing", paper),
      expected,
    });

    const name = paper === "pure" ? "PURE's relation model" : paper.toUpperCase();
    recordFault({
      area: "Training",
      fault: `SIGKILL before each step of writing a checkpoint, the model and the scores, renames among them: ${name}`,
      tried: survival.deaths,
      survived: Math.max(0, survival.deaths - survival.problems.length),
      lost: survival.lostSteps,
      planted: "a checkpoint that bears its name before it is whole",
    });
    expect(survival.problems).toEqual([]);
    expect(survival.lostSteps).toBe(0);
    expect(survival).toMatchObject({ deaths: steps.length, runs: 1 });
  });
});

describe("the harness", () => {
  const inSecondCheckpoint: Death = {
    signal: "SIGKILL",
    fault: { signal: "SIGKILL", match: "^write .*checkpoint-000002[^/]*/moments" },
  };
  // Checkpoints: after step 2; before and after the first epoch's evaluation; after step 4, amid the second epoch.
  const afterFourthCheckpoint: Death = {
    signal: "SIGKILL",
    fault: { signal: "SIGKILL", match: "^open .*checkpoint-000005[^/]*/parameters" },
  };

  it.each<[string, Plant, Death, RegExp]>([
    [
      "a checkpoint that bears its name before it is whole",
      { file: "/train/checkpoint.js", find: "const partial = `${path}.partial`", put: "const partial = path" },
      inSecondCheckpoint,
      /checkpoint-000002 is not whole/,
    ],
    [
      "batches that start over after a resume",
      { file: "/train/fit.js", find: "progress.batchesDone, progress.epoch", put: "0, progress.epoch" },
      afterFourthCheckpoint,
      /step \d+ was once/,
    ],
  ])("sees %s", { timeout: HOURS }, async (_, plant, death, problem) => {
    const expected = await expectedOf("atlop");

    const { problems } = await survive([death], {
      experiment: experimentOf("atlop"),
      folder: join(folder, `planted-${plant.put.length}`),
      expected,
      plant,
    });

    expect(problems.join("\n")).toMatch(problem);
  });
});
