import { HubApiError, listFiles, modelInfo } from "@huggingface/hub";

import { HubCacheEntry, fileExists } from "./hub-cache.ts";
import { downloadHubFile, type HubFile } from "./hub-download.ts";
import type { HubSettings } from "./hub-settings.ts";
import { chooseModelFiles } from "../weights/model-file-choice.ts";

/** Names of models at the hub: `organisation/name`, or the name alone. */
const MODEL_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/** Whether a text may be the name of a model at the hub. */
export function isModelId(id: string): boolean {
  return MODEL_ID.test(id) && !id.includes("..");
}

/** The directory of a model in the Hugging Face cache; undefined if it is not there or incomplete. */
export function findInHubCache(id: string, settings: HubSettings): Promise<string | undefined> {
  return new HubCacheEntry(settings.hubCache, id).find(settings.revision);
}

/**
 * Downloads a model from the hub into the Hugging Face cache, as far as loading it takes.
 *
 * @returns The model's directory.
 * @throws {Error} If the hub is out of reach, has no such model or does not show it, or if a file arrives damaged; the
 *   message is for the user.
 */
export async function downloadFromHub(id: string, settings: HubSettings): Promise<string> {
  const { endpoint, revision } = settings;
  const send = createFetch(settings);
  try {
    const { commit, files } = await listModel(id, settings, send);
    const entry = new HubCacheEntry(settings.hubCache, id);
    for (const file of files) {
      const url = `${endpoint}/${id}/resolve/${commit}/${file.name}`;
      const blob = entry.blob(file.hash);
      if (!(await fileExists(blob))) {
        await downloadHubFile(url, file, blob, send, settings);
      }
      await entry.link(file.hash, commit, file.name);
    }
    await entry.saveReference(revision, commit);
    return entry.snapshot(commit);
  } catch (error) {
    settings.signal?.throwIfAborted();
    throw explain(error, id, settings);
  }
}

async function listModel(
  id: string,
  { endpoint, revision }: HubSettings,
  send: typeof fetch,
): Promise<{ commit: string; files: readonly HubFile[] }> {
  const hub = { hubUrl: endpoint, fetch: send };
  const { sha: commit } = await modelInfo({ name: id, revision, additionalFields: ["sha"], ...hub });
  const files = new Map<string, HubFile>();
  for await (const entry of listFiles({ repo: { type: "model", name: id }, revision: commit, ...hub })) {
    const { path: name, size, oid, lfs } = entry;
    if (entry.type === "file")
      files.set(name, { name, size, hash: lfs?.oid ?? oid ?? "", isGitObject: lfs === undefined });
  }
  const chosen = chooseModelFiles([...files.keys()]);
  if (chosen === undefined)
    throw new Error("has it without the files that loading takes: config, weights and tokenizer.");
  const chosenFiles = chosen.map((name) => files.get(name) as HubFile);
  // They become names of files here.
  const isHash = (text: string): boolean => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
  if (![commit, ...chosenFiles.map(({ hash }) => hash)].every(isHash)) throw new Error("does not give hashes for it.");
  return { commit, files: chosenFiles };
}

/** A fetch that shows the token to the hub only, and gives up on a hub that does not answer. */
function createFetch({ endpoint, token, timeout, signal }: HubSettings): typeof fetch {
  const { origin } = new URL(endpoint);
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    // When it follows a redirect to another origin, fetch itself takes this header away.
    if (token !== undefined && url.origin === origin) headers.set("authorization", `Bearer ${token}`);
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(new Error(`gives no answer within ${timeout} s.`)), timeout * 1000);
    try {
      const signals = signal === undefined ? [waiting.signal] : [waiting.signal, signal];
      return await fetch(url, { ...init, headers, signal: AbortSignal.any(signals) });
    } finally {
      clearTimeout(timer);
    }
  };
}

/** What went wrong, in words that follow "the hub". */
function explain(error: unknown, id: string, { token, revision }: HubSettings): Error {
  const describe = (): string => {
    if (error instanceof HubApiError) {
      if (error.statusCode === 404) return `has no model "${id}" with a revision "${revision}".`;
      if (error.statusCode === 401 && token === undefined) {
        return `has no model "${id}", or shows it only to those who have an access token (HF_TOKEN).`;
      }
      if (error.statusCode === 401) return `does not accept the access token (HF_TOKEN), or has no model "${id}".`;
      if (error.statusCode === 403) return `does not show "${id}" to this access token; accept its terms there first.`;
      return `answers ${error.statusCode}.`;
    }
    const { message, cause } = error as Error;
    if (!(error instanceof TypeError)) return message;
    return `cannot be reached (${(cause as NodeJS.ErrnoException | undefined)?.code ?? message}).`;
  };
  return new Error(describe(), { cause: error });
}
