import { describe, expect, it } from "vitest";

import { forwardGigaflops } from "./encoder-flops.ts";
import { formatCases, formatGrowth, isSlowThroughout, type MeasuredCase, toEntry } from "./speed-report.ts";

const measured: MeasuredCase = {
  name: "encoder-forward-4x256",
  peer: "torch",
  measurement: {
    ratio: 0.49,
    memoryRatio: 0.9,
    oursSeconds: 0.1,
    peerSeconds: 0.205,
    pairs: 9,
    dropped: 2,
    matmulGigaflops: { ours: 300, peer: 150 },
    count: 41,
  },
  gigaflops: 24,
};

describe("toEntry", () => {
  it("holds the fields of the JSON", () => {
    expect(toEntry(measured)).toEqual({
      case: "encoder-forward-4x256",
      peer: "torch",
      ratio: 0.49,
      memoryRatio: 0.9,
      oursSeconds: 0.1,
      peerSeconds: 0.205,
      count: 41,
    });
  });
});

describe("formatCases", () => {
  it("shows ratios, times, pairs that count, and rates beside each side's peak", () => {
    const [, , row] = formatCases([measured]).split("\n");

    // 24 / 0.1 and 24 / 0.205 thousand million operations a second; 41 / 0.1 and 41 / 0.205 documents.
    expect(row?.split(/ {2,}/)).toEqual([
      "encoder-forward-4x256",
      "0.49",
      "0.90",
      "100 ms",
      "205 ms",
      "7 of 9",
      "240 of 300",
      "117 of 150",
      "410",
      "200",
    ]);
  });

  it("leaves rates out that are not known", () => {
    const { gigaflops: _, ...other } = measured;
    const { count: _count, ...timed } = measured.measurement;
    const measurement = { ...timed, matmulGigaflops: {} };

    expect(formatCases([{ ...other, measurement }])).toMatch(/7 of 9 +– +– +– +–$/);
  });
});

describe("isSlowThroughout", () => {
  it("finds a counterpart that computes at less than a fifth of its own peak", () => {
    const at = (peerSeconds: number): MeasuredCase => ({
      ...measured,
      measurement: { ...measured.measurement, peerSeconds },
    });

    // A fifth of 150 is 30, which 24 take 0.8 seconds at.
    expect([isSlowThroughout(at(0.79)), isSlowThroughout(at(0.81))]).toEqual([false, true]);
  });
});

describe("formatGrowth", () => {
  it("shows time for each of what grows", () => {
    const rows = [100, 200].map((size) => ({ table: "documents", size, seconds: size / 50, peakBytes: 2 ** 30 }));

    const lines = formatGrowth(rows).split("\n");

    expect(lines[0]).toBe("documents");
    expect(lines.slice(3).map((line) => line.split(/ {2,}/))).toEqual([
      ["100", "2.00 s", "20.0 ms", "1.00 GiB"],
      ["200", "4.00 s", "20.0 ms", "1.00 GiB"],
    ]);
  });
});

describe("forwardGigaflops", () => {
  it("counts two operations for each weight and token, and for each score and weighted value", () => {
    const sizes = { hidden_size: 2, intermediate_size: 3, num_hidden_layers: 5 };

    // A layer: four 2×2 maps and two 2×3 maps for each of 4·7 tokens; 4 rows of 7×7 scores of width 2, and as much again.
    const layer = 2 * (4 * 7) * (4 * 4 + 2 * 6) + 2 * 4 * (2 * 7 * 7 * 2);
    expect(forwardGigaflops(sizes, 4, 7)).toBeCloseTo((5 * layer) / 1e9, 15);
  });
});
