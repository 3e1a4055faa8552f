import { formatTable } from "../text-table.ts";
import type { GrowthRow } from "./growth.ts";
import type { Measurement } from "./measure.ts";
import type { Peer } from "./speed-case.ts";

/** PyTorch in its good mode reaches more of its peak than this. */
const LEAST_SHARE = 0.2;

/** A case with what was measured. */
export interface MeasuredCase {
  readonly name: string;
  readonly peer: Peer | "relatum";
  readonly measurement: Measurement;
  /** What the matrix products of one repetition take, where it is known: thousand million operations. */
  readonly gigaflops?: number | undefined;
}

/** An entry of what `--json` writes. */
export interface SpeedEntry {
  readonly case: string;
  /** `relatum` = another model of ours. */
  readonly peer: Peer | "relatum";
  /** Our seconds divided by the counterpart's: the median of pairs. */
  readonly ratio: number;
  /** Our peak memory divided by the counterpart's. */
  readonly memoryRatio: number;
  readonly oursSeconds: number;
  readonly peerSeconds: number;
  /** Documents, or sentences, that a repetition reads; absent where it reads none. */
  readonly count?: number | undefined;
}

/** The entry of a case. */
export function toEntry({ name, peer, measurement }: MeasuredCase): SpeedEntry {
  const { ratio, memoryRatio, oursSeconds, peerSeconds, count } = measurement;
  const seconds = { ratio, memoryRatio, oursSeconds, peerSeconds };
  return { case: name, peer, ...seconds, ...(count !== undefined && { count }) };
}

/**
 * Whether the counterpart computed far below its own rate of matrix products: a slow mode from beginning to end, which the
 * spread of the pairs does not show.
 */
export function isSlowThroughout({ measurement, gigaflops }: MeasuredCase): boolean {
  const peak = measurement.matmulGigaflops.peer;
  if (gigaflops === undefined || peak === undefined) return false;
  return gigaflops / measurement.peerSeconds < LEAST_SHARE * peak;
}

/** A table of cases; rates are thousand million operations a second. */
export function formatCases(measured: readonly MeasuredCase[]): string {
  const sides = ["of matmul peak: ours", "peer", "read a second: ours", "peer"];
  const header = ["case", "ratio", "memory", "ours", "peer", "pairs", ...sides];
  const rows = measured.map(({ name, measurement, gigaflops }) => {
    const { ratio, memoryRatio, oursSeconds, peerSeconds, pairs, dropped, matmulGigaflops, count } = measurement;
    return [
      name,
      ratio.toFixed(2),
      memoryRatio.toFixed(2),
      formatSeconds(oursSeconds),
      formatSeconds(peerSeconds),
      dropped === 0 ? String(pairs) : `${pairs - dropped} of ${pairs}`,
      formatRate(oursSeconds, gigaflops, matmulGigaflops.ours),
      formatRate(peerSeconds, gigaflops, matmulGigaflops.peer),
      ...[oursSeconds, peerSeconds].map((seconds) => (count === undefined ? "–" : (count / seconds).toPrecision(3))),
    ];
  });
  return formatTable(header, rows);
}

/** The rate of the work's matrix products, and the highest that the side reached in the same run. */
function formatRate(seconds: number, gigaflops: number | undefined, peak: number | undefined): string {
  const rate = gigaflops === undefined ? "–" : (gigaflops / seconds).toFixed(0);
  return peak === undefined ? rate : `${rate} of ${peak.toFixed(0)}`;
}

/** One growth table. */
export function formatGrowth(rows: readonly GrowthRow[]): string {
  const [first] = rows;
  const cells = rows.map(({ size, seconds, peakBytes }) => [
    String(size),
    formatSeconds(seconds),
    formatSeconds(seconds / size),
    `${(peakBytes / 2 ** 30).toFixed(2)} GiB`,
  ]);
  return `${first?.table ?? ""}\n${formatTable(["size", "time", "time for each", "peak memory"], cells)}`;
}

/** Seconds with three digits, below one as milliseconds. */
export function formatSeconds(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1000).toPrecision(3)} ms` : `${seconds.toPrecision(3)} s`;
}
