import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { recordFault } from "../record.ts";
import { disturb, type Disturbance } from "./disturb.ts";
import { type Fault, FaultyServer, NETWORK_FAULTS } from "./faulty-server.ts";
import { dataset, encoder, encoderList, encoderPackage, engine, hastyDataset, type Subject } from "./subjects.ts";

const server = new FaultyServer();
beforeAll(() => server.apply());
afterAll(() => server.stop());

const networkDisturbance = (fault: Fault): Disturbance => ({
  name: fault.name,
  begin: () => server.apply(fault),
  end: () => server.apply(),
});

/** pip's own patience makes these minutes long. */
const FEWER = NETWORK_FAULTS.filter(({ name }) => /no network|5 tenths|bytes of the|404/.test(name));

describe("a faulty network", () => {
  it.each<[Subject, readonly Fault[]]>([
    [engine, NETWORK_FAULTS.filter(({ name }) => !/hour/.test(name))],
    [encoder, NETWORK_FAULTS],
    [encoderList, NETWORK_FAULTS],
    [encoderPackage, FEWER],
    [dataset, NETWORK_FAULTS],
  ])("$name: one clear error or a completed retry, and never half of it", async (subject, faults) => {
    const problems: string[] = [];
    let failed = 0;
    for (const fault of faults) {
      subject.serve(server);
      const found = await disturb(subject, server, networkDisturbance(fault));
      if (found.length > 0) failed += 1;
      problems.push(...found);
    }

    recordFault({
      ...{ area: "Installation and downloads", fault: `Faulty network, ${subject.name}` },
      ...{ tried: faults.length, survived: faults.length - failed, lost: failed },
      planted: "a file renamed before its hash is checked",
    });
    expect(problems).toEqual([]);
  });

  it("is seen to break a download that stands in its place before its hash is checked", async () => {
    const found: string[] = [];
    for (const fault of NETWORK_FAULTS.filter(({ name }) => /wrong bytes of|5 tenths$|404/.test(name))) {
      hastyDataset.serve(server);
      found.push(...(await disturb(hastyDataset, server, networkDisturbance(fault))));
    }

    expect(found.filter((problem) => problem.includes("half of it is taken for whole")).length).toBeGreaterThan(1);
  });
});
