import type { Measurements } from "../claims/measure-claims.ts";
import type { FigurePoint, PaperFigure } from "./figure.ts";

/** A point to be drawn. */
export interface DrawnPoint {
  /** The series, said to be the paper's where it is. */
  readonly series: string;
  readonly label: string;
  readonly x: number;
  /** A score in percent. */
  readonly y: number;
  /** How many the score is the mean of; 0 for the paper's points. */
  readonly seeds: number;
}

/** A figure's points, ours and then the paper's; none where nothing of ours was measured. */
export function figurePoints(
  { split, series }: PaperFigure,
  model: string,
  { rows, speed }: Measurements,
): { readonly points: readonly DrawnPoint[]; readonly dataset: string } {
  const datasets: string[] = [];
  const ours = series.flatMap(({ name, metric, points }) =>
    points.flatMap((point): DrawnPoint[] => {
      const { experiment, label = experiment } = point;
      const row = rows.find(
        (one) => one.model === model && one.experiment === experiment && one.split === split && one.metric === metric,
      );
      const x = placeOf(point.x, speed);
      if (row === undefined || x === undefined) return [];
      datasets.push(row.dataset);
      return [{ series: name, label, x, y: row.mean, seeds: row.seeds.length }];
    }),
  );
  const [dataset] = datasets;
  if (dataset === undefined) return { points: [], dataset: "" };
  const printed = series.flatMap(({ name, points }) =>
    points.flatMap(({ printed: point, label, experiment }): DrawnPoint[] =>
      point === undefined ? [] : [{ series: `${name}, published`, label: label ?? experiment, ...point, seeds: 0 }],
    ),
  );
  return { points: [...ours, ...printed], dataset };
}

/** A number as it is, or texts a second; nothing where the speed was not measured. */
function placeOf(x: FigurePoint["x"], speed: Measurements["speed"]): number | undefined {
  if (typeof x === "number") return x;
  const entry = speed.find((one) => one.case === x.speed);
  if (entry?.count === undefined) return undefined;
  const rate = entry.count / (x.side === "ours" ? entry.oursSeconds : entry.peerSeconds);
  return Number(rate.toPrecision(3));
}
