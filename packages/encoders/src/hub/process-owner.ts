import { type ChildProcess, spawn } from "node:child_process";
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

/** Ends a child when this process is killed, which can end nothing itself then. */
export function endWithThisProcess(child: ChildProcess): void {
  if (child.pid === undefined || process.platform === "win32") return;
  // The pipe closes with this process, however it ends.
  const script = 'read -r line; kill -s TERM "$1"';
  const watchdog = spawn("/bin/sh", ["-c", script, "sh", String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watchdog.on("error", () => {}); // without a shell, it ends in its own time
  watchdog.stdin?.on("error", () => {});
  child.on("close", () => watchdog.kill("SIGKILL"));
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
