import { setTimeout } from "node:timers/promises";

import { checkNumbers } from "./check-numbers.ts";
import type { Job } from "./job.ts";
import { alternate, median, type Pair, type PairSummary, summarizePairs } from "./pairs.ts";
import { type Preparation, type ProcessCommand, SpeedProcess } from "./speed-process.ts";

/** One side of a comparison. */
export interface Side {
  readonly command: ProcessCommand;
  readonly job: Job;
  /** Whether its rate of matrix products can be measured. */
  readonly multiplies: boolean;
}

/** How {@link measure} goes about it. */
export interface MeasureOptions {
  /** Pairs in a series. */
  readonly pairs: number;
  readonly signal: AbortSignal;
  readonly status: (text: string) => void;
}

/** What a comparison showed. */
export interface Measurement extends PairSummary {
  /** Our peak memory divided by the counterpart's, each that of a whole process. */
  readonly memoryRatio: number;
  /** Best rates of a float32 matrix product, thousand million operations a second. */
  readonly matmulGigaflops: { readonly ours?: number; readonly peer?: number };
  /** Documents, sentences or texts that a repetition reads, where there are any. */
  readonly count?: number;
}

/** Pairs that are not counted: graphs are made, threads started, caches filled. */
const WARM_UPS = 2;

/** A series of pairs most of which do not count is measured again, and counted with the others. */
const MOST_SERIES = 3;

/** Threads of numeric libraries wait for more work awhile before they sleep. */
const REST_MILLISECONDS = 50;

/** A turn lasts so long at least. */
const TURN_SECONDS = 0.5;

const MATMUL_SIZE = 1024;

/**
 * Measures two processes in turn.
 *
 * Nothing is measured unless both give the same numbers; ours is prepared first, and may leave files for the other.
 *
 * @throws {SpeedError} If a process fails, or the two do not do the same work.
 */
export async function measure(
  sides: { readonly ours: Side; readonly peer: Side },
  { pairs, signal, status }: MeasureOptions,
): Promise<Measurement> {
  const started: SpeedProcess[] = [];
  const start = async ({ command, job }: Side): Promise<[SpeedProcess, Preparation]> => {
    status(`Preparing ${command.name}`);
    const running = new SpeedProcess(command, signal);
    started.push(running);
    return [running, await running.prepare(job)];
  };
  try {
    const [ours, { numbers, count }] = await start(sides.ours);
    const [peer, { numbers: peerNumbers }] = await start(sides.peer);
    checkNumbers("outputs", numbers, peerNumbers);
    await warmUp(ours, peer);

    let done = 0;
    const run = async (running: SpeedProcess): Promise<number> => {
      status(`${running.name}: pair ${1 + (done++ >> 1)}`);
      return takeTurn(async () => (await running.run()).seconds);
    };
    const rest = (): Promise<void> => setTimeout(REST_MILLISECONDS, undefined, { signal });
    const both = { ours: () => run(ours), peer: () => run(peer) };
    let measured = await alternate(both, pairs, rest);
    for (let more = 0; more < MOST_SERIES - 1 && keepsTooFew(measured); more += 1) {
      measured = [...measured, ...(await alternate(both, pairs, rest))];
    }
    const memoryRatio = (await ours.peakBytes()) / (await peer.peakBytes());
    const rates = {
      ...(sides.ours.multiplies && { ours: await ours.matmulGigaflops(MATMUL_SIZE) }),
      ...(sides.peer.multiplies && { peer: await peer.matmulGigaflops(MATMUL_SIZE) }),
    };
    const summary = summarizePairs(measured);
    return { ...summary, memoryRatio, matmulGigaflops: rates, ...(count !== undefined && { count }) };
  } finally {
    await Promise.all(started.map((running) => running.end()));
  }
}

/** Repeats short work, so that a turn is long enough for caches and clocks to settle; gives the median. */
export async function takeTurn(run: () => Promise<number>): Promise<number> {
  const seconds: number[] = [];
  for (let spent = 0; spent < TURN_SECONDS; spent += seconds.at(-1) as number) seconds.push(await run());
  return median(seconds);
}

/** Whether the counterpart was in a slow mode most of the time. */
function keepsTooFew(measured: readonly Pair[]): boolean {
  return summarizePairs(measured).dropped > measured.length / 2;
}

/** Where each repetition gives a number, those must agree too: after the first they say that updates are the same. */
async function warmUp(ours: SpeedProcess, peer: SpeedProcess): Promise<void> {
  for (let index = 0; index < WARM_UPS; index += 1) {
    const [own, other] = [(await ours.run()).value, (await peer.run()).value];
    checkNumbers(`repetition ${index}`, own === undefined ? [] : [own], other === undefined ? [] : [other]);
  }
}
