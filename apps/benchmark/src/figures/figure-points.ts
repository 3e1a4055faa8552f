import type { Measurements } from "../claims/measure-claims.ts";
import { meanOf, type ResultRow } from "../results.ts";
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

/** The least number of points that show a course. */
const LEAST_POINTS = 2;

/**
 * A figure's points, ours of each series that has two, and then the paper's; none without any of ours.
 *
 * A series is drawn over the seeds that all of its points have, so that it shows no difference between seeds; where they
 * share none, each point is the mean of its own.
 */
export function figurePoints(
  { split, series }: PaperFigure,
  model: string,
  { rows, speed }: Measurements,
): { readonly points: readonly DrawnPoint[]; readonly dataset: string } {
  const datasets: string[] = [];
  const ours = series.flatMap(({ name, metric, points }): DrawnPoint[] => {
    const found = points.flatMap(({ experiment, label = experiment, x }) => {
      const row = rows.find(
        (one) => one.model === model && one.experiment === experiment && one.split === split && one.metric === metric,
      );
      const place = placeOf(x, speed);
      return row === undefined || place === undefined ? [] : [{ label, x: place, row }];
    });
    if (found.length < LEAST_POINTS) return [];
    datasets.push(...found.map(({ row }) => row.dataset));
    const shared = found[0]?.row.seeds.filter((seed) => found.every(({ row }) => row.seeds.includes(seed))) ?? [];
    return found.map(({ label, x, row }) => ({ series: name, label, x, ...meanOver(row, shared) }));
  });
  const [dataset] = datasets;
  if (dataset === undefined) return { points: [], dataset: "" };
  const printed = series.flatMap(({ name, points }) =>
    points.flatMap(({ printed: point, label, experiment }): DrawnPoint[] =>
      point === undefined ? [] : [{ series: `${name}, published`, label: label ?? experiment, ...point, seeds: 0 }],
    ),
  );
  return { points: [...ours, ...printed], dataset };
}

/** The mean of a row over some seeds, or of all where there are none. */
function meanOver({ mean, seeds, values }: ResultRow, shared: readonly number[]): Pick<DrawnPoint, "y" | "seeds"> {
  if (shared.length === 0) return { y: mean, seeds: seeds.length };
  return { y: meanOf(values.filter((_, index) => shared.includes(seeds[index] as number))), seeds: shared.length };
}

/** A number as it is, or texts a second; nothing where the speed was not measured. */
function placeOf(x: FigurePoint["x"], speed: Measurements["speed"]): number | undefined {
  if (typeof x === "number") return x;
  const entry = speed.find((one) => one.case === x.speed);
  if (entry?.count === undefined) return undefined;
  const rate = entry.count / (x.side === "ours" ? entry.oursSeconds : entry.peerSeconds);
  return Number(rate.toPrecision(3));
}
