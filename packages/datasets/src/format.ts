/** A data file that does not follow its format. */
export class DatasetFormatError extends Error {
  override readonly name = "DatasetFormatError";
  /** Where: a JSON path such as `[12].vertexSet[3][0].pos`, or `line 17`. */
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path} ${problem}`, options);
    this.path = path;
  }
}
