import { HubApiError, listFiles, modelInfo } from "@huggingface/hub";

import { HubCacheEntry, fileExists } from "./hub-cache.ts";
import { downloadHubFile, type HubFile } from "./hub-download.ts";
import { createFetch, createShortFetch, mayCarryToken } from "./hub-fetch.ts";
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
    const { commit, files } = await listModel(id, settings);
    const entry = new HubCacheEntry(settings.hubCache, id);
    for (const file of files) {
      const url = `${endpoint}/${id}/resolve/${commit}/${file.name}`;
      const blob = entry.blob(file.hash);
      if (!(await fileExists(blob))) {
        await downloadHubFile(url, file, blob, send, settings);
      }
    }
    // The config comes last: without it, no one takes the directory for a model.
    for (const file of files.toReversed()) await entry.link(file.hash, commit, file.name);
    await entry.saveReference(revision, commit);
    return entry.snapshot(commit);
  } catch (error) {
    settings.signal?.throwIfAborted();
    throw explain(error, id, settings);
  }
}

async function listModel(id: string, settings: HubSettings): Promise<{ commit: string; files: readonly HubFile[] }> {
  const { endpoint, revision } = settings;
  const hub = { hubUrl: endpoint, fetch: createShortFetch(settings) };
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
  const isKnown = ({ hash, size }: HubFile): boolean => isHash(hash) && Number.isSafeInteger(size) && size >= 0;
  if (!isHash(commit) || !chosenFiles.every(isKnown)) throw new Error("does not give sizes and hashes for it.");
  return { commit, files: chosenFiles };
}

/** What went wrong, in words that follow "the hub". */
function explain(error: unknown, id: string, settings: HubSettings): Error {
  return new Error(error instanceof HubApiError ? explainStatus(error, id, settings) : explainBreak(error, settings), {
    cause: error,
  });
}

function explainStatus({ statusCode }: HubApiError, id: string, { endpoint, token, revision }: HubSettings): string {
  if (statusCode === 404) return `has no model "${id}" with a revision "${revision}".`;
  if (statusCode === 401 && token === undefined) {
    return `has no model "${id}", or shows it only to those who have an access token (HF_TOKEN).`;
  }
  if (statusCode === 401 && !mayCarryToken(endpoint)) {
    return `does not show "${id}" without the access token, which is not sent over plain http: give its address with https.`;
  }
  if (statusCode === 401) return `does not accept the access token (HF_TOKEN), or has no model "${id}".`;
  if (statusCode === 403) return `does not show "${id}" to this access token; accept its terms there first.`;
  if (statusCode === 429) return "answers 429: there were too many requests; try again in some minutes.";
  return `answers ${statusCode}.`;
}

function explainBreak(error: unknown, { hubCache }: HubSettings): string {
  const { message, cause, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) {
    const advice = "Free some room, or set HF_HUB_CACHE to a folder of yours on another disk.";
    return `was left off: ${hubCache} must be a folder to write to, got ${message}. ${advice}`;
  }
  if (error instanceof SyntaxError || (error instanceof TypeError && cause === undefined)) {
    return "answers with something else than a hub does. Check HF_ENDPOINT, and whether the network asks for a login.";
  }
  if (!(error instanceof TypeError)) return message;
  return `cannot be reached (${(cause as NodeJS.ErrnoException).code ?? message}).`;
}
