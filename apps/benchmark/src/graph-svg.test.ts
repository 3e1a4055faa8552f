import { describe, expect, it } from "vitest";

import type { GraphDrawing } from "./adapter.ts";
import { formatGraphSvg } from "./graph-svg.ts";

const drawing: GraphDrawing = {
  title: "Friends & <others>",
  nodes: [
    { label: "the document", group: -1 },
    { label: "Ada", group: 0 },
    { label: "Bela", group: 1 },
  ],
  kinds: ["knows", "likes"],
  edges: [
    { from: 1, to: 2, kind: "knows" },
    { from: 2, to: 1, kind: "knows" },
    { from: 0, to: 1, kind: "likes" },
  ],
  paths: [[1, 0, 2]],
};

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

describe("formatGraphSvg", () => {
  it("draws every node with its label, and an edge and its return once", () => {
    const svg = formatGraphSvg([drawing]);

    expect(count(svg, /<circle /g)).toBe(3);
    expect(svg).toContain(">Ada</text>");
    expect(count(svg, /stroke="#0072b2" stroke-opacity/g)).toBe(1);
    expect(count(svg, /stroke="#e69f00" stroke-opacity/g)).toBe(1);
  });

  it("highlights each step of a path", () => {
    // Two steps, and the legend's line.
    expect(count(formatGraphSvg([drawing]), /stroke="#d55e00" stroke-width="3"/g)).toBe(3);
  });

  it("names the kinds of edges in a legend, and paths where there are any", () => {
    const svg = formatGraphSvg([drawing]);

    expect(svg).toContain(">knows</text>");
    expect(svg).toContain(">likes</text>");
    expect(svg).toContain(">paths</text>");
    expect(formatGraphSvg([{ ...drawing, paths: [] }])).not.toContain(">paths</text>");
  });

  it("writes text that XML would take for its own in other characters", () => {
    const svg = formatGraphSvg([drawing]);

    expect(svg).toContain("Friends &amp; &lt;others&gt;");
    expect(svg).not.toContain("<others>");
  });

  it("puts graphs side by side, and draws none as nothing", () => {
    const widthOf = (svg: string): number => Number(/ width="(\d+)"/.exec(svg)?.[1]);

    const [one, two] = [formatGraphSvg([drawing]), formatGraphSvg([drawing, drawing])];

    expect(widthOf(two)).toBe(2 * widthOf(one));
    expect(formatGraphSvg([])).not.toContain("<circle");
    expect(formatGraphSvg([{ ...drawing, nodes: [], edges: [], paths: [] }])).not.toContain("NaN");
  });
});
