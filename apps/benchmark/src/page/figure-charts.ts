import type { PaperAdapter } from "../adapter.ts";
import { loadFigures } from "../adapters.ts";
import type { Measurements } from "../claims/measure-claims.ts";
import type { PaperFigure } from "../figures/figure.ts";
import { figurePoints } from "../figures/figure-points.ts";
import { HEIGHT, type Unnumbered } from "./charts.ts";

/** Draws up those of the papers' figures of which something was measured. */
export async function createFigureCharts(
  adapters: readonly PaperAdapter[],
  measurements: Measurements,
): Promise<Unnumbered[]> {
  const charts = await Promise.all(
    adapters.map(async (adapter) =>
      (await loadFigures(adapter)).flatMap((figure) => draw(figure, adapter.title, measurements)),
    ),
  );
  return charts.flat();
}

function draw(figure: PaperFigure, model: string, measurements: Measurements): Unnumbered[] {
  const { points: values, dataset } = figurePoints(figure, model, measurements);
  if (values.length === 0) return [];
  const { source, title, description, split, x, y } = figure;
  const heights = values.map((point) => point.y);
  const domain = [10 * Math.floor(Math.min(...heights) / 10), 10 * Math.ceil((Math.max(...heights) + 1) / 10)];
  const scale = x.scale === "log" ? { type: "log" } : { zero: true };
  const encoding = {
    x: { field: "x", type: "quantitative", title: x.title, scale, axis: { grid: false } },
    y: { field: "y", type: "quantitative", title: y.title, scale: { domain } },
    color: {
      field: "series",
      scale: { domain: [...new Set(values.map(({ series }) => series))] },
      legend: { title: null, orient: "bottom", columns: 2 },
    },
    tooltip: ["series", "label", "x", "y", "seeds"].map((field) => ({ field })),
  };
  const mark = { type: "line", strokeWidth: 1.6, point: { size: 46, filled: true } };
  return [
    {
      section: "figures",
      dataset,
      split,
      title: `${model}, ${source}: ${title} · ${dataset} ${split}`,
      description,
      spec: { description, width: "container", height: HEIGHT, data: { values }, mark, encoding },
    },
  ];
}
