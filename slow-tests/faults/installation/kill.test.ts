import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createRandom } from "../../../packages/tensor-utils/src/random.ts";
import { recordFault } from "../record.ts";
import { disturb, type Disturbance } from "./disturb.ts";
import { FaultyServer } from "./faulty-server.ts";
import { startInstaller } from "./processes.ts";
import { dataset, directDataset, encoder, engine, type Subject } from "./subjects.ts";

const SEED = 8;
const KILLS = 10;

const server = new FaultyServer();
beforeAll(() => server.apply());
afterAll(() => server.stop());

const slow = { name: "slow network", slow: true };

/** Milliseconds that an installation takes over a slow network, from its first step. */
async function durationOf(subject: Subject): Promise<number> {
  const cache = await mkdtemp(join(tmpdir(), "relatum-fault-"));
  await server.apply(slow);
  const { started, ended } = startInstaller(subject, cache, server.address);
  await started;
  const start = performance.now();
  expect(await ended).toBe("");
  await rm(cache, { recursive: true });
  return performance.now() - start;
}

/** Starts an installation over a slow network and kills it after so many milliseconds. */
function killAfter(subject: Subject, milliseconds: number): Disturbance {
  return {
    name: `SIGKILL after ${Math.round(milliseconds)} ms`,
    begin: () => server.apply(slow),
    end: () => server.apply(),
    install: async (cache, address) => {
      const { child, started, ended } = startInstaller(subject, cache, address);
      await started;
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      child.kill("SIGKILL");
      const ending = await ended;
      if (ending !== "") throw new Error(`Run it again: it was ended by ${ending.slice(0, 200)}.`);
    },
  };
}

async function killMany(subject: Subject, count: number): Promise<{ problems: string[]; failed: number }> {
  subject.serve(server);
  const duration = await durationOf(subject);
  const random = createRandom(SEED).fork(subject.name);
  const problems: string[] = [];
  let failed = 0;
  for (let kill = 0; kill < count; kill += 1) {
    const found = await disturb(subject, server, killAfter(subject, random.uniform() * duration));
    problems.push(...found);
    if (found.length > 0) failed += 1;
  }
  return { problems, failed };
}

describe("an installation that is killed", () => {
  it.each([[engine], [encoder], [dataset]])(
    "$name: leaves nothing that counts, and the next run succeeds",
    async (subject) => {
      const { problems, failed } = await killMany(subject, KILLS);

      recordFault({
        ...{ area: "Installation and downloads", fault: `SIGKILL half-way, ${subject.name}`, seed: SEED },
        ...{ tried: KILLS, survived: KILLS - failed, lost: failed },
        planted: "a download written straight to its place",
      });
      expect(problems).toEqual([]);
    },
  );

  it("is seen to leave half a file where it is written straight to its place", async () => {
    const { problems } = await killMany(directDataset, 4);

    expect(problems.join("\n")).toContain("half of it is taken for whole");
  });
});
