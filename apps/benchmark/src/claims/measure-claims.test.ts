import { describe, expect, it } from "vitest";

import type { ResultRow } from "../results.ts";
import type { Claim, ClaimMeasure } from "./claim.ts";
import { measureClaims, type MeasuredClaim } from "./measure-claims.ts";

function rowOf(experiment: string, metric: string, bySeed: Readonly<Record<number, number>>, model = "Toy"): ResultRow {
  const values = Object.values(bySeed);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const place = { model, dataset: "Towns", split: "development", encoder: "tiny" } as const;
  return { ...place, experiment, metric, values, mean, seeds: Object.keys(bySeed).map(Number) } as unknown as ResultRow;
}

const rows = [
  rowOf("full", "F1", { 1: 50, 2: 52, 3: 90 }),
  rowOf("full", "Intra F1", { 1: 60 }),
  rowOf("less", "F1", { 1: 49, 2: 49 }),
  rowOf("less", "Intra F1", { 1: 58.5 }),
  rowOf("nothing", "F1", { 1: 40, 2: 40 }),
  rowOf("other seed", "F1", { 4: 10 }),
  rowOf("foreign", "F1", { 1: 10 }, "Rival"),
];
const speed = [
  { case: "approximation", peer: "relatum", ratio: 0.125, memoryRatio: 1, oursSeconds: 1, peerSeconds: 8 },
] as const;

function measure(...measures: readonly ClaimMeasure[]): MeasuredClaim {
  const claim: Claim = { id: "one", source: "Table 1", statement: "It is so.", printed: [], measures };
  const [measured] = measureClaims([claim], "Toy", { rows, speed });
  return measured as MeasuredClaim;
}

const base = { better: "full", than: "less", metric: "F1", split: "development" } as const;

describe("measureClaims", () => {
  it("subtracts means over the seeds that both experiments have", () => {
    const { verdict, findings } = measure(base);

    expect(verdict).toBe("holds");
    expect(findings).toEqual([
      {
        what: "F1, Towns development, tiny",
        text: "51.00 against 49.00: +2.00 (2 seeds: +1.00, +3.00)",
        holds: true,
      },
    ]);
  });

  it("says that a claim does not hold where the difference is the other way round, or none", () => {
    const reversed = measure({ ...base, better: "less", than: "full" });

    expect([reversed.verdict, reversed.findings[0]?.text]).toEqual([
      "does not hold",
      "49.00 against 51.00: −2.00 (2 seeds: −1.00, −3.00)",
    ]);
    expect(measure({ ...base, than: "full" }).verdict).toBe("does not hold");
  });

  it("holds a difference against bounds, where it has some", () => {
    expect(measure({ ...base, atLeast: 2.5 }).verdict).toBe("does not hold");
    expect(measure({ ...base, atMost: 1.5 }).verdict).toBe("does not hold");
    expect(measure({ ...base, better: "less", than: "full", atMost: 1.5 }).verdict).toBe("holds");
    expect(measure({ ...base, better: "less", than: "full", atLeast: -2, atMost: 2 }).verdict).toBe("holds");
    expect(measure({ ...base, atLeast: 1 }).findings[0]?.text).toMatch(/; at least \+1\.00 expected$/);
  });

  it("compares two differences, and two metrics of one experiment", () => {
    const more = measure({ ...base, moreThan: { metric: "Intra F1" } });
    const within = measure({ ...base, than: "full", metric: "Intra F1", thanMetric: "F1" });

    expect([more.verdict, more.findings[0]?.text]).toEqual([
      "holds",
      "51.00 against 49.00: +2.00 (2 seeds: +1.00, +3.00); Intra F1: +1.50 (seed 1)",
    ]);
    expect([within.verdict, within.findings[0]?.what]).toEqual([
      "holds",
      "Intra F1 against F1, Towns development, tiny",
    ]);
  });

  it("holds no smaller loss for a larger gain", () => {
    const less = measure({ ...base, better: "less", than: "full", moreThan: { better: "nothing", than: "full" } });

    expect([less.verdict, less.findings[0]?.text]).toEqual([
      "does not hold",
      "49.00 against 51.00: −2.00 (2 seeds: −1.00, −3.00); nothing against full: −11.00 (2 seeds: −10.00, −12.00)",
    ]);
  });

  it("measures heights and speeds", () => {
    const level = { of: "less", metric: "F1", split: "development", atLeast: 49 } as const;

    expect(measure(level, { speed: "approximation", atMost: 0.1 })).toMatchObject({
      verdict: "holds in part",
      findings: [
        { text: "49.00 (2 seeds); at least 49.00 expected", holds: true },
        { what: "speed, approximation", text: "8.0× as fast; at least 10.0× expected", holds: false },
      ],
    });
  });

  it("does not measure what has no seed in common, no row, or a row of another paper alone; it says what is missing", () => {
    const unmeasured = measure(
      { ...base, than: "other seed" },
      { ...base, than: "foreign" },
      { ...base, metric: "AUC" },
      { speed: "other", atMost: 1 },
    );

    expect(unmeasured).toMatchObject({ verdict: "not measured", findings: [] });
    expect(unmeasured.missing).toEqual(["full", "other seed", "foreign", "less", "speed --case other"]);
  });
});
