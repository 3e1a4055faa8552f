import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { disturb, type Disturbance } from "./disturb.ts";
import { type Fault, FaultyServer, NETWORK_FAULTS } from "./faulty-server.ts";
import { recordInstallation } from "./record-installation.ts";
import { dataset, encoder, encoderList, encoderPackage, engine, hastyDataset, type Subject } from "./subjects.ts";

const server = new FaultyServer();
beforeAll(() => server.apply());
afterAll(() => server.stop());

const networkDisturbance = (fault: Fault): Disturbance => ({
  name: fault.name,
  begin: () => server.apply(fault),
  end: () => server.apply(),
});

/** pip takes seconds for each attempt, and makes three of a connection that breaks. */
const FOR_ENGINE = NETWORK_FAULTS.filter(({ name }) => !/hour|[1-46-9] tenths, once/.test(name));
const FOR_PACKAGE = NETWORK_FAULTS.filter(({ name }) => /no network|5 tenths|bytes of the|404/.test(name));

/** Milliseconds that all faults of one subject may take on a machine that does other work too. */
const PATIENCE = 3_600_000;

describe("a faulty network", () => {
  it.each<[Subject, readonly Fault[]]>([
    [engine, FOR_ENGINE],
    [encoder, NETWORK_FAULTS],
    [encoderList, NETWORK_FAULTS],
    [encoderPackage, FOR_PACKAGE],
    [dataset, NETWORK_FAULTS],
  ])(
    "$name: one clear error or a completed retry, and never half of it",
    async (subject, faults) => {
      const problems: string[] = [];
      let failed = 0;
      for (const fault of faults) {
        subject.serve(server);
        const found = await disturb(subject, server, networkDisturbance(fault));
        if (found.length > 0) failed += 1;
        problems.push(...found);
      }

      recordInstallation(`Faulty network, ${subject.name}`, "a file renamed before its hash is checked", {
        tried: faults.length,
        failed,
      });
      expect(problems).toEqual([]);
    },
    PATIENCE,
  );

  it("is seen to break a download that stands in its place before its hash is checked", async () => {
    const found: string[] = [];
    for (const fault of NETWORK_FAULTS.filter(({ name }) => /wrong bytes of|5 tenths$|404/.test(name))) {
      hastyDataset.serve(server);
      found.push(...(await disturb(hastyDataset, server, networkDisturbance(fault))));
    }

    expect(found.filter((problem) => problem.includes("half of it is taken for whole")).length).toBeGreaterThan(1);
  });
});
