import type { Setting } from "./settings.ts";

/** Points that a curve of losses is thinned to. */
const MOST_POINTS = 50;

/** A point of a curve: the mean loss of a few steps, or the score of an epoch. */
export interface CurvePoint {
  readonly model: string;
  readonly seed: string;
  /** Step, or epoch. */
  readonly x: number;
  /** Loss, or development score in percent. */
  readonly y: number;
}

/** The curves of a setting's runs; of papers that train several models, of one of them. */
export interface LearningCurves {
  readonly stage: string | undefined;
  readonly losses: readonly CurvePoint[];
  readonly scores: readonly CurvePoint[];
}

/** Reads the learning curves of a setting off its logs, by stage; what was done again after a stop counts once. */
export function learningCurves({ label, runs }: Setting): LearningCurves[] {
  const stages = new Map<string | undefined, { losses: CurvePoint[]; scores: CurvePoint[] }>();
  for (const { log, config } of runs) {
    const point = { model: label, seed: `seed ${config.seed}` };
    for (const [stage, { losses, scores }] of curvesByStage(log)) {
      const curves = stages.get(stage) ?? { losses: [], scores: [] };
      curves.losses.push(...thin(losses).map(([x, y]) => ({ ...point, x, y: round(y, 4) })));
      curves.scores.push(...scores.map(([x, y]) => ({ ...point, x, y: round(100 * y, 2) })));
      stages.set(stage, curves);
    }
  }
  return [...stages].map(([stage, curves]) => ({ stage, ...curves }));
}

type Points = [x: number, y: number][];

function curvesByStage(
  log: Setting["runs"][number]["log"],
): Map<string | undefined, { readonly losses: Points; readonly scores: Points }> {
  const stages = new Map<string | undefined, { losses: Map<number, number>; scores: Map<number, number> }>();
  for (const event of log) {
    if (event.kind !== "step" && event.kind !== "epoch") continue;
    const curves = stages.get(event.stage) ?? { losses: new Map<number, number>(), scores: new Map<number, number>() };
    if (event.kind === "step") curves.losses.set(event.step, event.loss);
    else if (event.score !== undefined) curves.scores.set(event.epoch, event.score);
    stages.set(event.stage, curves);
  }
  return new Map(
    [...stages].map(([stage, { losses, scores }]) => [stage, { losses: [...losses], scores: [...scores] }]),
  );
}

/** Means of so many points in a row that few enough are left. */
function thin(points: Points): Points {
  const size = Math.ceil(points.length / MOST_POINTS);
  const count = Math.ceil(points.length / Math.max(1, size));
  return Array.from({ length: count }, (_, index) => {
    const bin = points.slice(index * size, (index + 1) * size);
    const mean = (axis: 0 | 1): number => bin.reduce((sum, point) => sum + point[axis], 0) / bin.length;
    return [round(mean(0), 1), mean(1)];
  });
}

/** A number with so many digits after the point. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
