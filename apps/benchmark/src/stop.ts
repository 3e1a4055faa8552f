/** A run that the user stopped; `resume` is the command that goes on with it. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";

  constructor(message = "Stopped.", options?: ErrorOptions) {
    super(message, options);
  }
}

/** Throws if the user has asked to stop. */
export function checkStop(signal: AbortSignal): void {
  if (signal.aborted) throw new InterruptedError("Stopped.", { cause: signal.reason });
}

/** Lets timers and signals in between two pieces of work that keep the thread busy. */
export function takeTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Turns the first Ctrl-C or SIGTERM into an abort signal and the second into an end at once.
 *
 * @param notify Called at the first one.
 * @returns The signal, and what takes the handlers off again.
 */
export function listenForStop(notify: () => void): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const handle = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new InterruptedError());
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
