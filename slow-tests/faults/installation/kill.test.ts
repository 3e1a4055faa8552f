import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createRandom } from "../../../packages/tensor-utils/src/random.ts";
import { disturb, type Disturbance } from "./disturb.ts";
import { FaultyServer } from "./faulty-server.ts";
import { startInstaller } from "./processes.ts";
import { recordInstallation } from "./record-installation.ts";
import { dataset, directDataset, encoder, engine, type Subject } from "./subjects.ts";

const SEED = 8;
const KILLS = 10;

const server = new FaultyServer();
beforeAll(() => server.apply());
afterAll(() => server.stop());

/** When a process is killed: some milliseconds after a part of the file was sent, or after it has logged a step. */
interface Moment {
  readonly part?: number;
  readonly step?: string;
  readonly after: number;
}

const nameOf = ({ part, step, after }: Moment): string =>
  `SIGKILL ${Math.round(after)} ms after ${step ?? `${Math.round((part ?? 0) * 100)} % of the file`}`;

/** Starts an installation over a slow network and kills it at a moment. */
function killAt(subject: Subject, moment: Moment): Disturbance {
  return {
    name: nameOf(moment),
    begin: () => server.apply({ name: "slow network", slow: true }),
    end: () => {
      server.onPiece = () => {};
      return server.apply();
    },
    install: async (cache, address) => {
      const installer = startInstaller(subject, cache, address);
      const kill = (): void => void setTimeout(() => installer.child.kill("SIGKILL"), moment.after);
      if (moment.step !== undefined) installer.onLine = (line) => void (line.startsWith(moment.step ?? "") && kill());
      else server.onPiece = (sent) => void (sent >= (moment.part ?? 0) && kill());
      const ending = await installer.ended;
      if (ending !== "") throw new Error(`Run it again: it was ended by ${ending.slice(0, 200)}.`);
    },
  };
}

/** Moments while the file arrives, and after each step of an installation that tells of its steps. */
function momentsOf(subject: Subject, count: number): Moment[] {
  const random = createRandom(SEED).fork(subject.name);
  const steps = subject === engine ? ["downloads", "download", "verify", "extract", "compile"] : [];
  const later = steps.map((step) => ({ step, after: random.uniform() * 20 }));
  const early = Array.from({ length: count - later.length }, () => ({
    part: random.uniform() * 0.9,
    after: random.uniform() * 60,
  }));
  return [...early, ...later];
}

async function killMany(subject: Subject, count: number): Promise<{ problems: string[]; failed: number }> {
  subject.serve(server);
  const problems: string[] = [];
  let failed = 0;
  for (const moment of momentsOf(subject, count)) {
    const found = await disturb(subject, server, killAt(subject, moment));
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

      recordInstallation(`SIGKILL half-way, ${subject.name}`, "a download written straight to its place", {
        tried: KILLS,
        failed,
        seed: SEED,
      });
      expect(problems).toEqual([]);
    },
  );

  it("is seen to leave half a file where it is written straight to its place", async () => {
    const { problems } = await killMany(directDataset, 4);

    expect(problems.join("\n")).toContain("half of it is taken for whole");
  });
});
