import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What a process is to do for a while. */
export interface LongRunJob {
  readonly paper: "atlop" | "gain" | "pure";
  /** Training by the paper's recipe with checkpoints and evaluations, or `predict --file -` on a stream of new documents. */
  readonly part: "training" | "inference";
  readonly seconds: number;
  /** Goes on until so many samples are taken, however long that takes. */
  readonly least: number;
  /** The defect that is planted, for each document or step: a tensor that is not freed, or an array that is kept. */
  readonly leak?: "tensor" | "array";
}

/** What a process held at one moment. */
export interface LongRunSample {
  readonly seconds: number;
  /** Documents read, or steps taken. */
  readonly done: number;
  /** Resident bytes. */
  readonly resident: number;
  /** Bytes that JavaScript holds, after it has thrown away what it no longer needs. */
  readonly held: number;
  /** `tf.memory().numTensors`. */
  readonly tensors: number;
}

const WORKER = fileURLToPath(new URL("long-run-worker.ts", import.meta.url));

/** Lets a process of its own do the job. */
export async function longRun(job: LongRunJob): Promise<LongRunSample[]> {
  const options = ["--expose-gc", "--conditions=@relatum/source", "--import", "tsx"];
  const { stdout } = await promisify(execFile)(process.execPath, [...options, WORKER, JSON.stringify(job)], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" },
    maxBuffer: 2 ** 28,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as LongRunSample);
}

/** The share of a run in which graphs are made and caches filled. */
const WARM_UP = 0.4;

/** What memory may grow after that by the straight line through it: this share, or so many bytes if that is more. */
const ALLOWED = { share: 0.03, resident: 32 * 2 ** 20, held: 4 * 2 ** 20 } as const;

/**
 * Says what grew in a long run after it had warmed up.
 *
 * Resident memory comes in the allocator's steps, which short runs are too short for.
 *
 * @returns Nothing if all was flat.
 */
export function findGrowth(
  samples: readonly LongRunSample[],
  { looksAtResident = true }: { readonly looksAtResident?: boolean } = {},
): string[] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const middle = Math.floor(warm.length / 2);
  const most = (part: readonly LongRunSample[]): number => Math.max(...part.map(({ tensors }) => tensors));
  const [before, after] = [most(warm.slice(0, middle)), most(warm.slice(middle))];
  const quantities = looksAtResident ? (["resident", "held"] as const) : (["held"] as const);
  return [
    ...(after > before ? [`tensors grew from ${before} to ${after}`] : []),
    ...quantities.flatMap((name) => {
      const values = warm.map((sample) => sample[name]);
      const growth = slope(values) * (values.length - 1);
      const allowed = Math.max(ALLOWED[name], ALLOWED.share * mean(values));
      return growth > allowed ? [`${name} bytes grew by ${Math.round(growth / 2 ** 20)} MiB`] : [];
    }),
  ];
}

/** The slope of the straight line with the least squares, by sample. */
function slope(values: readonly number[]): number {
  const [middle, average] = [(values.length - 1) / 2, mean(values)];
  let [products, squares] = [0, 0];
  for (const [index, value] of values.entries()) {
    products += (index - middle) * (value - average);
    squares += (index - middle) ** 2;
  }
  return products / squares;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
