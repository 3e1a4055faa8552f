import type { Progress } from "./progress.ts";

/** The files of tensors in a checkpoint. */
export const PARTS = ["parameters", "moments", "best"] as const;

/** One of {@link PARTS}. */
export type Part = (typeof PARTS)[number];

/** What says of a file that it is the one that was written. */
export interface FileSummary {
  readonly byteLength: number;
  readonly sha256: string;
}

/** What a checkpoint's directory holds. */
export interface Manifest {
  readonly format: typeof FORMAT;
  readonly progress: Progress;
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<Part, FileSummary>>;
}

/** Changes whenever an older version could not read what a newer one writes. */
export const FORMAT = "relatum-checkpoint-1";

/**
 * Checks that a JSON value is a manifest: a checksum says that nobody changed it by chance, not that it is sound.
 *
 * @throws {RangeError} If it is none; the message names the field.
 */
export function checkManifest(json: unknown): Manifest {
  const { format, progress, fingerprint, files } = requireRecord(json, "the manifest");
  if (format !== FORMAT) throw new RangeError(`another format than ${FORMAT}`);
  checkProgress(progress);
  for (const [name, value] of Object.entries(requireRecord(fingerprint, "fingerprint"))) {
    if (typeof value !== "string") throw new RangeError(`a fingerprint whose "${name.slice(0, 60)}" is no text`);
  }
  const summaries = requireRecord(files, "files");
  for (const part of PARTS) {
    const { byteLength, sha256 } = requireRecord(summaries[part], `files.${part}`);
    requireCount(byteLength, `files.${part}.byteLength`);
    if (typeof sha256 !== "string") throw new RangeError(`no text as files.${part}.sha256`);
  }
  return json as Manifest; // as has been checked
}

function checkProgress(json: unknown): void {
  const { epochs, best, lossSum, ...counts } = requireRecord(json, "progress");
  for (const field of ["step", "epoch", "batchesDone", "epochSteps"] as const) {
    requireCount(counts[field], `progress.${field}`);
  }
  requireNumber(lossSum, "progress.lossSum");
  if (!Array.isArray(epochs)) throw new RangeError("no list as progress.epochs");
  for (const [index, epoch] of (epochs as unknown[]).entries()) {
    const place = `progress.epochs[${index}]`;
    const event = requireRecord(epoch, place);
    requireCount(event["epoch"], `${place}.epoch`);
    requireNumber(event["meanLoss"], `${place}.meanLoss`);
    if (event["score"] !== undefined) requireNumber(event["score"], `${place}.score`);
  }
  if (best === null) return;
  const { epoch, score, step } = requireRecord(best, "progress.best");
  requireCount(epoch, "progress.best.epoch");
  requireCount(step, "progress.best.step");
  requireNumber(score, "progress.best.score");
}

function requireRecord(value: unknown, place: string): Partial<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new RangeError(`no object as ${place}`);
}

function requireCount(value: unknown, place: string): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new RangeError(`no whole number as ${place}`);
}

/** A loss that is no number is written as null. */
function requireNumber(value: unknown, place: string): void {
  if (typeof value !== "number" && value !== null) throw new RangeError(`no number as ${place}`);
}
