/** A run that its `signal` ended; the step that was running has been finished. */
export class AbortedError extends Error {
  override readonly name = "AbortError";

  /** Steps taken. */
  readonly step: number;
  /** Directory to resume from; nothing without checkpoints. */
  readonly directory: string | undefined;

  constructor(step: number, directory: string | undefined, reason: unknown) {
    const saved = directory === undefined ? "nothing was saved" : `resume from the checkpoint in "${directory}"`;
    super(`training was stopped after step ${step}; ${saved}.`, { cause: reason });
    this.step = step;
    this.directory = directory;
  }
}
