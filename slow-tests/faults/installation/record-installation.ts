import { recordFault } from "../record.ts";

/** Keeps a record of one kind of fault, tried on one subject. */
export function recordInstallation(
  fault: string,
  planted: string,
  counts: { readonly tried: number; readonly failed: number; readonly seed?: number },
): void {
  const { tried, failed, ...seed } = counts;
  const area = "Installation and downloads";
  recordFault({ area, fault, planted, tried, survived: tried - failed, lost: failed, ...seed });
}
