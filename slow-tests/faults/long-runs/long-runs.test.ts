import { describe, expect, it } from "vitest";

import { findGrowth, longRun, type LongRunJob, type LongRunSample } from "../../../tools/long-run.ts";
import { recordFault } from "../record.ts";

/** How long each run lasts: five minutes, or what the variable says; an hour is 3600. */
const SECONDS = Number(process.env["RELATUM_LONG_RUN_SECONDS"] ?? 300);

const PAPERS = ["atlop", "gain", "pure"] as const;

const describeRun = (samples: readonly LongRunSample[]): string => {
  const [first, last] = [samples.at(Math.floor(samples.length * 0.4)), samples.at(-1)] as [
    LongRunSample,
    LongRunSample,
  ];
  const megabytes = [first, last].map(({ resident }) => Math.round(resident / 2 ** 20)).join(" → ");
  return `${last.done} in ${Math.round(last.seconds)} s, ${megabytes} MiB`;
};

describe.each(["training", "inference"] as const)("%s", (part) => {
  it(
    "holds no more the longer it lasts, and is seen to with a leak",
    { timeout: (4 * SECONDS + 3600) * 1000 },
    async () => {
      const results: string[] = [];
      let survived = 0;
      for (const paper of PAPERS) {
        const samples = await longRun({ paper, part, seconds: SECONDS, least: 100 });
        const growth = findGrowth(samples);
        if (growth.length === 0) survived += 1;
        results.push([`${paper}: ${describeRun(samples)}`, ...growth].join(", "));
      }
      const job: LongRunJob = { paper: "atlop", part, seconds: 0, least: 60 };
      for (const leak of ["tensor", "array"] as const) {
        const problems = findGrowth(await longRun({ ...job, leak }), { looksAtResident: false });
        expect(problems.join()).toContain(leak === "tensor" ? "tensors grew" : "held bytes grew");
      }

      console.log(results.join("\n"));
      recordFault({
        area: "Memory and long runs",
        fault: `${part} over a stream of documents, ${SECONDS} s for each of ATLOP, GAIN and PURE`,
        tried: PAPERS.length,
        survived,
        lost: PAPERS.length - survived,
        planted: "a tensor or an array kept for each document",
      });
      expect(survived).toBe(PAPERS.length);
    },
  );
});
