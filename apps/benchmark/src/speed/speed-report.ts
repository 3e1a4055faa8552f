import { formatTable } from "../text-table.ts";
import type { GrowthRow } from "./growth.ts";
import type { Measurement } from "./measure.ts";
import type { Peer } from "./speed-case.ts";

/** A case with what was measured. */
export interface MeasuredCase {
  readonly name: string;
  readonly peer: Peer;
  readonly pairs: number;
  readonly measurement: Measurement;
}

/** An entry of what `--json` writes. */
export interface SpeedEntry {
  readonly case: string;
  readonly peer: Peer;
  /** Our seconds divided by the counterpart's: the median of pairs. */
  readonly ratio: number;
  /** Our peak memory divided by the counterpart's. */
  readonly memoryRatio: number;
  readonly oursSeconds: number;
  readonly peerSeconds: number;
}

/** The entry of a case. */
export function toEntry({ name, peer, measurement }: MeasuredCase): SpeedEntry {
  const { ratio, memoryRatio, oursSeconds, peerSeconds } = measurement;
  return { case: name, peer, ratio, memoryRatio, oursSeconds, peerSeconds };
}

/** A table of cases. */
export function formatCases(measured: readonly MeasuredCase[]): string {
  const header = ["case", "ratio", "memory", "ours", "peer", "pairs", "GFLOP/s ours", "GFLOP/s peer"];
  const rows = measured.map(({ name, pairs, measurement }) => {
    const { ratio, memoryRatio, oursSeconds, peerSeconds, dropped, gigaflops } = measurement;
    return [
      name,
      ratio.toFixed(2),
      memoryRatio.toFixed(2),
      formatSeconds(oursSeconds),
      formatSeconds(peerSeconds),
      dropped === 0 ? String(pairs) : `${pairs - dropped} of ${pairs}`,
      gigaflops.ours?.toFixed(0) ?? "–",
      gigaflops.peer?.toFixed(0) ?? "–",
    ];
  });
  return formatTable(header, rows);
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

function formatSeconds(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1000).toPrecision(3)} ms` : `${seconds.toPrecision(3)} s`;
}
