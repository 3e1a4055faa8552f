import { describe, expect, it } from "vitest";

import { drawScores, plotScale } from "./score-plot.ts";

describe("plotScale", () => {
  it("reaches from one multiple of 5 to another around every score", () => {
    const lines = [
      { mean: 47.4, seeds: [46, 48.8] },
      { seeds: [], interval: { low: 44.9, high: 51 } },
    ];

    expect(plotScale(lines)).toEqual({ low: 40, high: 55, ticks: [40, 45, 50, 55] });
  });

  it("takes multiples of 10 for scores far apart, and has a width for one score alone", () => {
    expect(plotScale([{ mean: 48, seeds: [], published: 89 }]).ticks).toEqual([40, 50, 60, 70, 80, 90]);
    expect(plotScale([{ mean: 100, seeds: [] }])).toMatchObject({ low: 95, high: 100 });
    expect(plotScale([{ mean: 0, seeds: [0] }])).toMatchObject({ low: 0, high: 5 });
  });
});

describe("drawScores", () => {
  it("puts the mean where it lies on the scale, and says every score in words", () => {
    const { html } = drawScores({ mean: 45, seeds: [44, 46], reference: 47 }, { low: 40, high: 50, ticks: [] }, 116);

    expect(html).toContain('<circle class="mean" cx="58"');
    expect(html).toContain('aria-label="mean 45.0; seeds 44.0, 46.0; authors\' code 47.0"');
  });
});
