import type { GraphDrawing } from "./adapter.ts";

/** Colours that people tell apart whatever their sight: edges by kind, then nodes by group. */
const EDGE_COLOURS = ["#0072b2", "#e69f00", "#bbbbbb", "#009e73"];
const NODE_COLOURS = ["#56b4e9", "#f0e442", "#cc79a7", "#8dd3c7", "#bebada", "#fdb462", "#b3de69", "#fccde5"];
const PATH_COLOUR = "#d55e00";
const OWN_COLOUR = "#ffffff";

/** Sizes in pixels. */
const NODE_RADIUS = 6;
const LEAST_RADIUS = 120;
const NODE_SPACING = 18;
const MARGIN = 150;
const TITLE_HEIGHT = 40;
const LINE_HEIGHT = 20;

const LONGEST_LABEL = 24;

/**
 * Draws graphs side by side, each as a circle of labelled nodes.
 *
 * @returns The text of an SVG file.
 */
export function formatGraphSvg(drawings: readonly GraphDrawing[]): string {
  const sizes = drawings.map(({ nodes, kinds }) => {
    const radius = Math.max(LEAST_RADIUS, (nodes.length * NODE_SPACING) / (2 * Math.PI));
    const width = 2 * (radius + MARGIN);
    return { radius, width, height: width + TITLE_HEIGHT + LINE_HEIGHT * (kinds.length + 2) };
  });
  const height = Math.max(0, ...sizes.map((size) => size.height));
  let left = 0;
  const parts = drawings.map((drawing, index) => {
    const { radius, width } = sizes[index] as (typeof sizes)[number];
    const text = `<g transform="translate(${left} 0)">\n${formatDrawing(drawing, radius)}</g>\n`;
    left += width;
    return text;
  });
  const [shownWidth, shownHeight] = [Math.ceil(left), Math.ceil(height)];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${shownWidth}" height="${shownHeight}" ` +
    `viewBox="0 0 ${shownWidth} ${shownHeight}" font-family="sans-serif" font-size="12">\n` +
    `<rect width="100%" height="100%" fill="#ffffff"/>\n${parts.join("")}</svg>\n`
  );
}

function formatDrawing({ title, nodes, kinds, edges, paths }: GraphDrawing, radius: number): string {
  const centre = radius + MARGIN;
  const order = [...nodes.keys()].toSorted((one, other) => (nodes[one]?.group ?? 0) - (nodes[other]?.group ?? 0));
  const angles = new Map(order.map((node, place) => [node, (2 * Math.PI * place) / nodes.length - Math.PI / 2]));
  const place = (node: number, distance: number): readonly [x: number, y: number] => {
    const angle = angles.get(node) as number;
    return [round(centre + distance * Math.cos(angle)), round(TITLE_HEIGHT + centre + distance * Math.sin(angle))];
  };
  const line = (from: number, to: number, style: string): string => {
    const [[x1, y1], [x2, y2]] = [place(from, radius), place(to, radius)];
    return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ${style}/>\n`;
  };
  const colourOf = (kind: string): string => EDGE_COLOURS[kinds.indexOf(kind) % EDGE_COLOURS.length] as string;
  // The last kind lies at the bottom, for it has the most edges; the first runs along the circle, and is drawn broader.
  const widthOf = (kind: string): number => (kinds.length > 1 && kind === kinds[0] ? 2.5 : 1);
  const drawn = kinds
    .toReversed()
    .flatMap((kind) =>
      uniqueEdges(edges.filter((edge) => edge.kind === kind)).map(([from, to]) =>
        line(from, to, `stroke="${colourOf(kind)}" stroke-opacity="0.7" stroke-width="${widthOf(kind)}"`),
      ),
    );
  const steps = uniqueEdges(paths.flatMap((path) => path.slice(1).map((to, step) => ({ from: path[step] ?? to, to }))));
  const highlighted = steps.map(([from, to]) => line(from, to, `stroke="${PATH_COLOUR}" stroke-width="3"`));
  const circles = nodes.map(({ group }, node) => {
    const [x, y] = place(node, radius);
    const fill = group < 0 ? OWN_COLOUR : NODE_COLOURS[group % NODE_COLOURS.length];
    return `<circle cx="${x}" cy="${y}" r="${NODE_RADIUS}" fill="${fill}" stroke="#333333"/>\n`;
  });
  const labels = nodes.map(({ label }, node) =>
    formatLabel(label, place(node, radius + 12), angles.get(node) as number),
  );
  const entries = kinds.map((kind): LegendEntry => [kind, colourOf(kind)]);
  const legend = formatLegend(paths.length > 0 ? [...entries, ["paths", PATH_COLOUR]] : entries, centre);
  const heading = `<text x="20" y="26" font-size="16">${escapeText(title)}</text>\n`;
  return [heading, ...drawn, ...highlighted, ...circles, ...labels, legend].join("");
}

/** A label reads outwards, and never upside down. */
function formatLabel(label: string, [x, y]: readonly [number, number], angle: number): string {
  const isLeft = Math.cos(angle) < 0;
  const degrees = round((angle * 180) / Math.PI + (isLeft ? 180 : 0));
  const shown = label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;
  const anchor = isLeft ? "end" : "start";
  return (
    `<text x="${x}" y="${y}" text-anchor="${anchor}" dominant-baseline="middle" ` +
    `transform="rotate(${degrees} ${x} ${y})">${escapeText(shown)}</text>\n`
  );
}

type LegendEntry = readonly [name: string, colour: string];

function formatLegend(entries: readonly LegendEntry[], centre: number): string {
  const top = TITLE_HEIGHT + 2 * centre + LINE_HEIGHT / 2;
  const lines = entries.map(([name, colour], index) => {
    const y = round(top + index * LINE_HEIGHT);
    const swatch = `<line x1="20" y1="${y}" x2="50" y2="${y}" stroke="${colour}" stroke-width="3"/>`;
    return `${swatch}<text x="58" y="${y}" dominant-baseline="middle">${escapeText(name)}</text>\n`;
  });
  return lines.join("");
}

/** Each two nodes once, whatever the direction. */
function uniqueEdges(edges: readonly { readonly from: number; readonly to: number }[]): (readonly [number, number])[] {
  const found = new Map(
    edges
      .map(({ from, to }) => [Math.min(from, to), Math.max(from, to)] as const)
      .map((pair) => [pair.join("/"), pair]),
  );
  return [...found.values()];
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
