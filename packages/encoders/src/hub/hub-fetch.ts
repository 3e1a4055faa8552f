import { setTimeout as pause } from "node:timers/promises";

import type { HubSettings } from "./hub-settings.ts";

/** How often a request is made again that an overloaded or broken hub refuses. */
const RETRIES = 2;

/** Longest wait for an overloaded hub, in seconds; one that asks for more has refused. */
const LONGEST_WAIT = 20;

/** Most bytes of an answer that is no file. */
const LONGEST_ANSWER = 2 ** 26;

/** Most short answers to one question: pages of a list. */
const MOST_ANSWERS = 200;

/**
 * A fetch for the hub's files: shows the token to the hub alone, gives up on a hub that does not answer, and asks again
 * where the hub is overloaded.
 */
export function createFetch(settings: HubSettings): typeof fetch {
  return async (input, init) => {
    for (let attempt = 0; ; attempt += 1) {
      const response = await askOnce(settings, input, init);
      const wait = secondsToWait(response, attempt);
      if (wait === undefined) return response;
      await response.body?.cancel();
      await pause(wait * 1000, undefined, settings.signal && { signal: settings.signal });
    }
  };
}

/** A fetch for the hub's short answers to one question: as {@link createFetch}'s, and the whole answer must arrive without a long pause. */
export function createShortFetch(settings: HubSettings): typeof fetch {
  const send = createFetch(settings);
  let answers = 0;
  return async (input, init) => {
    answers += 1;
    if (answers > MOST_ANSWERS) throw new Error(`gives a list of more than ${MOST_ANSWERS} pages.`);
    const { body, status, statusText, headers } = await send(input, init);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    const reader = body?.getReader();
    for (let bytes = 0; reader !== undefined;) {
      const { done, value } = await readWithin(reader, settings.timeout).catch(nameBreak);
      if (done) break;
      bytes += value.length;
      if (bytes > LONGEST_ANSWER) {
        await reader.cancel();
        throw new Error(`gives an answer of more than ${LONGEST_ANSWER} bytes.`);
      }
      pieces.push(value);
    }
    return new Response(status === 204 ? null : new Blob(pieces), { status, statusText, headers });
  };
}

/**
 * Reads the next piece of an answer.
 *
 * @throws {Error} If none arrives for so many seconds; the reader is cancelled then.
 */
export async function readWithin<T>(
  reader: ReadableStreamDefaultReader<T>,
  seconds: number,
): ReturnType<ReadableStreamDefaultReader<T>["read"]> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing arrived for ${seconds} s.`)), seconds * 1000);
  });
  try {
    return await Promise.race([reader.read(), stalled]);
  } catch (error) {
    void reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function nameBreak(error: unknown): never {
  throw error instanceof TypeError ? error : new Error(`broke off: ${(error as Error).message}`, { cause: error });
}

/** Whether the token is shown to a hub: not over plain http, where everybody on the way reads it, but to this machine. */
export function mayCarryToken(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === "https:" || /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

async function askOnce(settings: HubSettings, input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const { endpoint, token, timeout, signal } = settings;
  const url = new URL(input instanceof Request ? input.url : input);
  const headers = new Headers(init?.headers);
  const isHub = url.origin === new URL(endpoint).origin;
  // When it follows a redirect to another origin, fetch itself takes this header away.
  if (token !== undefined && isHub && mayCarryToken(endpoint)) headers.set("authorization", `Bearer ${token}`);
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(new Error(`gives no answer within ${timeout} s.`)), timeout * 1000);
  try {
    const signals = signal === undefined ? [waiting.signal] : [waiting.signal, signal];
    return await fetch(url, { ...init, headers, signal: AbortSignal.any(signals) });
  } finally {
    clearTimeout(timer);
  }
}

/** Seconds until a refused request is made again; undefined if the answer stands. */
function secondsToWait({ status, headers }: Response, attempt: number): number | undefined {
  if (attempt >= RETRIES || ![429, 500, 502, 503, 504].includes(status)) return undefined;
  const asked = Number(headers.get("retry-after") ?? Number.NaN);
  if (asked > LONGEST_WAIT) return undefined;
  return asked >= 0 ? asked : 0.25 * 4 ** attempt;
}
