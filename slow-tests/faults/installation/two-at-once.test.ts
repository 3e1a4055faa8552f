import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { libraryDirectory } from "../../../packages/tensor-utils/src/native/cache.ts";
import { disturb, type Disturbance } from "./disturb.ts";
import { FaultyServer } from "./faulty-server.ts";
import { startInstaller } from "./processes.ts";
import { recordInstallation } from "./record-installation.ts";
import { dataset, encoder, engine, sharingDataset, type Subject } from "./subjects.ts";

/** No process has this number: Linux gives out no more than 4,194,304. */
const NO_PROCESS = 99_999_999;

const server = new FaultyServer();
beforeAll(() => server.apply());
afterAll(() => server.stop());

const slow = { name: "slow network", slow: true };

/** Installs in several processes at once; each must end well. */
function together(subject: Subject, count: number, prepare?: (cache: string) => Promise<void>): Disturbance {
  return {
    name: `${count} at once`,
    begin: async (cache) => {
      await prepare?.(cache);
      await server.apply(slow);
    },
    end: () => server.apply(),
    install: async (cache, address) => {
      const installers = Array.from({ length: count }, () => startInstaller(subject, cache, address));
      const complaints = await Promise.all(installers.map(({ ended }) => ended));
      const complaint = complaints.find((text) => text !== "");
      if (complaint !== undefined) throw new TypeError(complaint.slice(0, 500));
    },
  };
}

/** What a killed installation leaves: its lock, and the folder it worked in. */
async function leaveBehind(cache: string): Promise<void> {
  const target = libraryDirectory("cpu", { RELATUM_CACHE: cache });
  await mkdir(`${target}.partial-${NO_PROCESS}@${hostname()}`, { recursive: true });
  await writeFile(`${target}.lock`, `${hostname()} ${NO_PROCESS} 0`);
}

describe("two installations at once", () => {
  it.each([[engine], [encoder], [dataset]])("$name: both end well, with one whole result", async (subject) => {
    subject.serve(server);
    const disturbances = [together(subject, 2), together(subject, 2), together(subject, 3)];
    if (subject === engine) disturbances.push(together(engine, 3, leaveBehind));
    const problems: string[] = [];
    let failed = 0;
    for (const disturbance of disturbances) {
      const found = await disturb(subject, server, disturbance);
      problems.push(...found);
      if (found.length > 0) failed += 1;
    }

    recordInstallation(`Two or three at once, ${subject.name}`, "downloads that share one partial file", {
      tried: disturbances.length,
      failed,
    });
    expect(problems).toEqual([]);
  });

  it("downloads the engine once", async () => {
    engine.serve(server);
    server.seen.length = 0;

    expect(await disturb(engine, server, together(engine, 2))).toEqual([]);

    expect(server.seen.filter(({ path }) => path.startsWith("/files/"))).toHaveLength(1);
  });

  it("is seen to break downloads that share one partial file", async () => {
    sharingDataset.serve(server);

    const problems = await disturb(sharingDataset, server, together(sharingDataset, 3));

    expect(problems).not.toEqual([]);
  });
});
