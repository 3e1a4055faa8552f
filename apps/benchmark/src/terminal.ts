/** Where a command prints: results to `out`, progress and notices to `progress`. */
export interface Terminal {
  /** Prints a line of the result. */
  out(text: string): void;
  /** Prints a notice, which stays. */
  notice(text: string): void;
  /** Shows what is going on: one line that changes on a terminal, a line now and then elsewhere. */
  status(text: string): void;
  /** Takes the changing line away. */
  clear(): void;
}

/** A place to write, such as `process.stderr`. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Milliseconds between two status lines where nothing can be overwritten. */
const PLAIN_INTERVAL = 10_000;

/** Milliseconds between two states of the changing line. */
const LIVE_INTERVAL = 100;

/** Creates a {@link Terminal} on two outputs. */
export function createTerminal(out: Output, progress: Output, now: () => number = Date.now): Terminal {
  let shown = false;
  let last = -Infinity;
  const clear = (): void => {
    if (shown) progress.write("\r\u001B[2K");
    shown = false;
  };
  return {
    out: (text) => {
      clear();
      out.write(`${text}\n`);
    },
    notice: (text) => {
      clear();
      progress.write(`${text}\n`);
    },
    status: (text) => {
      const time = now();
      if (time - last < (progress.isTTY ? LIVE_INTERVAL : PLAIN_INTERVAL)) return;
      last = time;
      if (progress.isTTY) {
        progress.write(`\r\u001B[2K${text.slice(0, (progress.columns ?? 80) - 1)}`);
        shown = true;
      } else {
        progress.write(`${text}\n`);
      }
    },
    clear,
  };
}
