/** A checkpoint that cannot be written, read or used. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";

  /** The file or directory it is about; opens the message. */
  readonly path: string;

  constructor(path: string, problem: string, cause?: unknown) {
    super(`${path} ${problem}`, { cause });
    this.path = path;
  }
}
