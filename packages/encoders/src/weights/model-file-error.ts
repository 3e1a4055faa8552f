/** A file of a pretrained model that does not follow its format; `path` says where. */
export class ModelFileError extends Error {
  override readonly name = "ModelFileError";

  /** The file, with the line or the field where that is known. */
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path} ${problem}`, options);
    this.path = path;
  }
}
