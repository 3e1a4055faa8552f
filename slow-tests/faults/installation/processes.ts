import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { Subject } from "./subjects.ts";

const CHILD = fileURLToPath(new URL("install-child.ts", import.meta.url));

/** An installation in a process of its own. */
export interface Installer {
  readonly child: ChildProcess;
  /** Ends when the installation begins, after all code is loaded. */
  readonly started: Promise<void>;
  /** Called with each line that it logs while it works. */
  onLine: (line: string) => void;
  /** What it says on the error stream, once it has ended; empty if it ended well. */
  readonly ended: Promise<string>;
}

/** Starts an installation. */
export function startInstaller(subject: Subject, cache: string, address: string): Installer {
  const flags = ["--import", "tsx", "--conditions=@relatum/source", CHILD, subject.name, cache, address];
  const child = spawn(process.execPath, flags, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, RELATUM_FAULT_CHILD: "1" },
  });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => {
    complaint += text.toString();
    for (const line of text.toString().trim().split("\n")) installer.onLine(line);
  });
  const closed = once(child, "close") as Promise<[number | null, string | null]>;
  const begun = once(child.stdout, "data").then(() => undefined);
  const installer: Installer = {
    child,
    onLine: () => {},
    started: Promise.race([begun, closed.then(() => undefined)]),
    ended: closed.then(([status, signal]) => (status === 0 ? "" : `${signal ?? status} ${complaint}`.trim())),
  };
  return installer;
}
