import { describe, expect, it } from "vitest";

import { recordFault } from "../record.ts";
import type { PlantedDefect } from "./planted-defects.ts";
import { inputsOf, type Place, PLACES } from "./readers.ts";
import { runReaders } from "./run-readers.ts";

/** Another one gives other inputs: `RELATUM_FAULT_SEED=7 npm run test:faults -- hostile-files`. */
const SEED = Number(process.env["RELATUM_FAULT_SEED"] ?? 8);

const PLACE_NAMES = Object.keys(PLACES) as Place[];

async function namesOf(place: Place): Promise<string[]> {
  return (await PLACES[place]()).HOSTILE_READERS.map(({ name }) => name);
}

describe(`hostile files (seed ${SEED})`, () => {
  it.each(PLACE_NAMES)("do no harm to the readers of %s", { timeout: 3_600_000 }, async (place) => {
    const names = await namesOf(place);
    const inputs = Object.fromEntries(names.map((name) => [name, inputsOf(name)]));

    const harms = await runReaders({ place, seed: SEED, inputs, mostHarms: 5 }, names);

    for (const name of names) {
      const tried = inputs[name] ?? 0;
      const lost = harms.filter(({ reader }) => reader === name).length;
      recordFault({
        area: "Hostile files",
        fault: `${place}: ${name}`,
        tried,
        survived: tried - lost,
        lost,
        planted: "a TypeError on one value of a byte; for all together a loop, a crash, three more",
        seed: SEED,
      });
    }
    expect(harms.map(({ reader, number, problem }) => `${reader}, input ${number}: ${problem}`)).toEqual([]);
  });
});

describe("the harness", () => {
  it.each(PLACE_NAMES)("sees a foreign error in every reader of %s", { timeout: 3_600_000 }, async (place) => {
    const names = await namesOf(place);
    const inputs = Object.fromEntries(names.map((name) => [name, 1000]));

    const defect = "a TypeError on one value of a byte";
    const harms = await runReaders({ place, seed: SEED, inputs, mostHarms: 1, defect }, names);

    expect(harms.map(({ reader }) => reader)).toEqual(names);
    for (const { problem } of harms) expect(problem).toMatch(/^threw TypeError: Cannot read properties of undefined/);
  });

  // The process that runs them is the same for all readers: one of them stands for the others here.
  it.each<[PlantedDefect, RegExp]>([
    ["an error of ours without a place", /^threw an error without a place/],
    ["memory by a size that the file declares", /^threw TypeError: An input may take \d+ bytes of arrays/],
    ["a loop that does not end", /^hung/],
    ["memory without bound", /^took too much memory/],
    ["a crash of the process", /^ended the process \(SIGABRT\)/],
  ])("sees %s", { timeout: 3_600_000 }, async (defect, found) => {
    const names = await namesOf("experiments and runs");
    const inputs = { predictions: 150 };

    const harms = await runReaders({ place: "experiments and runs", seed: SEED, inputs, mostHarms: 1, defect }, names);

    expect(harms).toHaveLength(1);
    expect(harms[0]).toMatchObject({ reader: "predictions", problem: expect.stringMatching(found) as string });
  });
});
