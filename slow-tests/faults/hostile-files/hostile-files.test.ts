import { describe, expect, it } from "vitest";

import { recordFault } from "../record.ts";
import { PLANTED_DEFECTS, type PlantedDefect } from "./planted-defects.ts";
import { inputsOf, type Place, PLACES } from "./readers.ts";
import { runReaders } from "./run-readers.ts";

/** Another one gives other inputs: `RELATUM_FAULT_SEED=7 npm run test:faults -- hostile-files`. */
const SEED = Number(process.env["RELATUM_FAULT_SEED"] ?? 8);

const PLACE_NAMES = Object.keys(PLACES) as Place[];
const DEFECTS = Object.keys(PLANTED_DEFECTS) as PlantedDefect[];

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
        planted: "six: a foreign error, one without a place, two of memory, a loop, a crash",
        seed: SEED,
      });
    }
    expect(harms.map(({ reader, number, problem }) => `${reader}, input ${number}: ${problem}`)).toEqual([]);
  });
});

describe("the harness", () => {
  it.each(PLACE_NAMES)(
    "sees each defect that is planted in the readers of %s",
    { timeout: 3_600_000 },
    async (place) => {
      const names = await namesOf(place);

      const seen = [];
      for (const defect of DEFECTS) {
        // What ends a process takes a new one each time: one reader of each place stands for those that share the worker.
        const planted = defect.startsWith("a TypeError") || defect.startsWith("an error") ? names : names.slice(0, 1);
        const inputs = Object.fromEntries(planted.map((name) => [name, 150]));
        const harms = await runReaders({ place, seed: SEED, inputs, mostHarms: 1, defect }, names);
        const harmed = new Set(harms.map(({ reader }) => reader));
        seen.push({ defect, missed: planted.filter((name) => !harmed.has(name)), how: howOf(harms[0]?.problem) });
      }

      const how = [
        "threw",
        "threw an error without a place",
        "threw",
        "hung",
        "took too much memory",
        "ended the process",
      ];
      expect(seen).toEqual(DEFECTS.map((defect, index) => ({ defect, missed: [], how: how[index] })));
    },
  );
});

function howOf(problem: string | undefined): string | undefined {
  return /^(?:threw an error without a place|threw|hung|took too much memory|ended the process)/.exec(
    problem ?? "",
  )?.[0];
}
