import type { ConfidenceInterval } from "@relatum/metrics";

import { markup, type Markup } from "./markup.ts";

/** The scores of one line of a table, in percent. */
export interface PlotScores {
  readonly mean?: number;
  readonly seeds: readonly number[];
  readonly interval?: ConfidenceInterval;
  readonly reference?: number;
  readonly published?: number;
}

/** What the plots of a table have in common. */
export interface PlotScale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Sizes in pixels. */
const WIDTH = 180;
const HEIGHT = 22;
const MARGIN = 8;

/** A scale from one multiple of 5 or 10 to another, so that every score of a table lies on it. */
export function plotScale(lines: readonly PlotScores[]): PlotScale {
  const values = lines.flatMap(({ mean, seeds, interval, reference, published }) =>
    [mean, ...seeds, interval?.low, interval?.high, reference, published].filter((value) => value !== undefined),
  );
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const step = most - least > 25 ? 10 : 5;
  const high = Math.min(100, Math.max(step, Math.ceil(most / step) * step));
  const low = Math.min(high - step, Math.max(0, Math.floor(least / step) * step));
  const tickStep = (high - low) / step > 6 ? 2 * step : step;
  const ticks = Array.from({ length: Math.floor((high - low) / tickStep) + 1 }, (_, index) => low + index * tickStep);
  return { low, high, ticks };
}

/** The axis above a column of plots. */
export function drawAxis({ low, high, ticks }: PlotScale): Markup {
  const texts = ticks.map((tick) => {
    const x = place(tick, { low, high, ticks }, WIDTH);
    return markup`<line x1="${x}" x2="${x}" y1="17" y2="22"/><text x="${x}" y="12">${tick}</text>`;
  });
  return markup`<svg class="axis" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="Plot from ${low} to ${high} percent">${texts}</svg>`;
}

/** Draws a line's scores: interval, seeds, mean, authors' code and published number. */
export function drawScores(scores: PlotScores, scale: PlotScale, width: number = WIDTH): Markup {
  const { mean, seeds, interval, reference, published } = scores;
  const middle = HEIGHT / 2;
  const at = (value: number): number => place(value, scale, width);
  const ticks = scale.ticks.map(
    (tick) => markup`<line class="grid" x1="${at(tick)}" x2="${at(tick)}" y1="0" y2="${HEIGHT}"/>`,
  );
  const marks = [
    interval &&
      markup`<line class="interval" x1="${at(interval.low)}" x2="${at(interval.high)}" y1="${middle}" y2="${middle}"/>`,
    seeds.map(
      (seed) => markup`<line class="seed" x1="${at(seed)}" x2="${at(seed)}" y1="${middle - 5}" y2="${middle + 5}"/>`,
    ),
    mean === undefined ? undefined : markup`<circle class="mean" cx="${at(mean)}" cy="${middle}" r="4"/>`,
    reference === undefined ? undefined : markup`<path class="reference" d="${diamond(at(reference), middle)}"/>`,
    published === undefined ? undefined : markup`<path class="published" d="${triangle(at(published), middle)}"/>`,
  ];
  return markup`<svg width="${width}" height="${HEIGHT}" role="img" aria-label="${describe(scores)}">${ticks}${marks}</svg>`;
}

function place(value: number, { low, high }: PlotScale, width: number): number {
  return Math.round(10 * (MARGIN + ((value - low) / (high - low)) * (width - 2 * MARGIN))) / 10;
}

function diamond(x: number, y: number): string {
  return `M${x} ${y - 6}l6 6l-6 6l-6 -6z`;
}

function triangle(x: number, y: number): string {
  return `M${x} ${y - 5}l5.5 10h-11z`;
}

function describe({ mean, seeds, interval, reference, published }: PlotScores): string {
  return [
    mean === undefined ? [] : `mean ${mean.toFixed(1)}`,
    seeds.length > 0 ? `seeds ${seeds.map((seed) => seed.toFixed(1)).join(", ")}` : [],
    interval ? `interval ${interval.low.toFixed(1)} to ${interval.high.toFixed(1)}` : [],
    reference === undefined ? [] : `authors' code ${reference.toFixed(1)}`,
    published === undefined ? [] : `published ${published.toFixed(1)}`,
  ]
    .flat()
    .join("; ");
}
