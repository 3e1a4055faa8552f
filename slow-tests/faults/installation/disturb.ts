import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { FaultyServer } from "./faulty-server.ts";
import type { Subject } from "./subjects.ts";

/** Something that goes wrong while a subject is installed, and ends. */
export interface Disturbance {
  readonly name: string;
  begin(cache: string): Promise<void>;
  end(cache: string): Promise<void>;
  /** Takes the place of an installation in this process. */
  readonly install?: (cache: string, address: string) => Promise<void>;
  /** Makes the cache folder, in place of a folder among the temporary ones. */
  readonly makeCache?: () => Promise<string>;
}

/** Milliseconds after which an installation counts as hung; pip alone may wait for minutes in sum. */
const HANGS = 240_000;

/** Words of a message that say what to do. */
const ADVICE = /\b(?:[Cc]heck|Free|[Rr]un|[Tt]ry|Use|Put|first install|Remove|give|name its folder|set)\b/;

/**
 * Disturbs one installation, looks at the cache, and installs undisturbed.
 *
 * @returns What went otherwise than it must; nothing if all went well.
 */
export async function disturb(subject: Subject, server: FaultyServer, disturbance: Disturbance): Promise<string[]> {
  const problems: string[] = [];
  const cache = await (disturbance.makeCache?.() ?? mkdtemp(join(tmpdir(), "relatum-fault-")));
  const install = disturbance.install ?? subject.install;
  try {
    await disturbance.begin(cache);
    const error = await failureOf(within(HANGS, install(cache, server.address)));
    const found = await subject.find(cache);
    if (found === "half") problems.push("half of it is taken for whole");
    if (error === undefined && found !== "whole") problems.push(`it reports success and leaves ${found}`);
    if (error !== undefined) problems.push(...unclear(error));

    await disturbance.end(cache);
    const again = await failureOf(within(HANGS, subject.install(cache, server.address)));
    if (again !== undefined) problems.push(`the next run fails: ${describe(again)}`);
    const after = await subject.find(cache);
    if (after !== "whole") problems.push(`the next run leaves ${after}`);
    const left = (await filesOf(cache)).filter((name) => /partial|incomplete|\.lock/.test(name));
    if (left.length > 0) problems.push(`the next run leaves ${left.join(", ")}`);
  } finally {
    await disturbance.end(cache).catch(() => {});
    await rm(cache, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
  return problems.map((problem) => `${subject.name}, ${disturbance.name}: ${problem}`);
}

/** What is wrong with an error that a person is shown. */
export function unclear(error: unknown): string[] {
  if (!(error instanceof Error)) return [`it throws no error: ${String(error)}`];
  const { message } = error;
  const problems: string[] = [];
  if ("syscall" in error || error instanceof TypeError || error instanceof SyntaxError)
    problems.push("it is a raw error");
  if (!ADVICE.test(message)) problems.push("it does not say what to do");
  if (/undefined|\[object|NaN|^\s+at /m.test(message) || message.length > 2000) problems.push("it is garbled");
  return problems.map((problem) => `${problem}: ${describe(error)}`);
}

/** The paths of all files and folders below a folder. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => relative(folder, join(entry.parentPath, entry.name))).toSorted();
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TypeError(`hangs for ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
