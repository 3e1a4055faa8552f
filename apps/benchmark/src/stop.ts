/** Work that the user stopped. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  /** Whether the same command goes on where it stopped. */
  readonly resumable: boolean;

  constructor(resumable: boolean, options?: ErrorOptions) {
    super(resumable ? "Stopped; what is done is saved." : "Stopped.", options);
    this.resumable = resumable;
  }
}

/**
 * Throws if the user has asked to stop.
 *
 * @throws {InterruptedError} If so.
 */
export function checkStop(signal: AbortSignal): void {
  if (signal.aborted) throw new InterruptedError(false, { cause: signal.reason });
}

/** Lets timers and signals in between two pieces of work that keep the thread busy. */
export function takeTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Exit status of a program that Ctrl-C ended. */
export const INTERRUPTED_STATUS = 130;

/**
 * Turns the first Ctrl-C or SIGTERM into an abort signal and the second into an end at once.
 *
 * @param notify Called at the first one.
 * @returns The signal, and what takes the handlers off again.
 */
export function listenForStop(notify: () => void): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const handle = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED_STATUS);
    controller.abort(new DOMException("The user asked to stop.", "AbortError"));
    notify();
  };
  process.on("SIGINT", handle).on("SIGTERM", handle);
  return {
    signal: controller.signal,
    release: () => {
      process.off("SIGINT", handle).off("SIGTERM", handle);
    },
  };
}
