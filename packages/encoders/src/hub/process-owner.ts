import { hostname } from "node:os";

/** Names the process at work: what it has not finished carries this name, `machine.number`. */
export function ownName(): string {
  return `${hostname()}.${process.pid}`;
}

/** Whether a named process of this machine has ended; of another machine's nothing is known. */
export function hasEnded(owner: string): boolean {
  const [, machine, id] = /^(.+)\.(\d+)$/.exec(owner) ?? [];
  return machine === hostname() && Number(id) !== process.pid && !isRunning(Number(id));
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
