/** A data file that does not follow its format. */
export class DatasetFormatError extends Error {
  override readonly name = "DatasetFormatError";
  /** Where: a JSON path such as `[12].vertexSet[3][0].pos`, or `line 17`; the file's name first once it is known. */
  readonly path: string;
  /** What the place must hold, and what it holds. */
  readonly problem: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path} ${problem}`, options);
    this.path = path;
    this.problem = problem;
  }
}

/** The same error with the file's name before the place; any other error as it is. */
export function withFileName(fileName: string, error: unknown): unknown {
  if (!(error instanceof DatasetFormatError)) return error;
  return new DatasetFormatError(`${fileName}: ${error.path}`, error.problem, { cause: error });
}

/** The first characters of a text, as an error message quotes them. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}

/** The text as an integer of 0 or more; `undefined` for anything else. */
export function parseCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
