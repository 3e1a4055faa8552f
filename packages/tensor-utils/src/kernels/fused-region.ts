/** Told where regions begin and end while a graph is being recorded. */
export interface RegionListener {
  enter(): void;
  leave(): void;
}

let listener: RegionListener | undefined;

/** Sets or removes the listener of {@link fusedRegion}; the recorder alone calls this. */
export function setRegionListener(next: RegionListener | undefined): void {
  listener = next;
}

/**
 * Computes something that a recorded graph compiles into one piece of machine code.
 *
 * For chains of elementwise operations and reductions, which then pass over memory once instead of once an operation.
 * Outside a recording it is a plain call.
 */
export function fusedRegion<T>(compute: () => T): T {
  listener?.enter();
  try {
    return compute();
  } finally {
    listener?.leave();
  }
}
