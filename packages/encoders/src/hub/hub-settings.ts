import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { HUB_URL } from "@huggingface/hub";

/** Where models come from and go to. Environment variables fill in what is left out. */
export interface HubOptions {
  /** Folder of the Hugging Face cache; `HF_HUB_CACHE`, else `hub` in `HF_HOME`. */
  readonly hubCache?: string;
  /** Folder for models that do not come from the hub; `RELATUM_CACHE`, else `relatum` in the user's cache folder. */
  readonly cache?: string;
  /** Address of the hub; `HF_ENDPOINT`. */
  readonly endpoint?: string;
  /** Access token for the hub, empty for none; `HF_TOKEN`, else the file that the hub's own tools keep. */
  readonly token?: string;
  /** Branch, tag or commit of the model. */
  readonly revision?: string;
  /** Downloads nothing; `HF_HUB_OFFLINE`. */
  readonly offline?: boolean;
  /** Longest wait for an answer of the hub, in seconds. */
  readonly timeout?: number;
  /** Longest wait for the next bytes of a file, in seconds. */
  readonly stallTimeout?: number;
  readonly signal?: AbortSignal;
  /** Called while a file of the hub arrives. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** How far the download of a file has come. */
export interface DownloadProgress {
  readonly file: string;
  readonly receivedBytes: number;
  readonly totalBytes: number;
}

/** {@link HubOptions} with everything filled in. */
export interface HubSettings {
  readonly hubCache: string;
  readonly cache: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly revision: string;
  readonly offline: boolean;
  readonly timeout: number;
  readonly stallTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: DownloadProgress) => void;
}

/** Seconds until a hub that does not answer counts as out of reach. */
const DEFAULT_TIMEOUT = 5;

/** Seconds without a byte until a download counts as broken off. */
const DEFAULT_STALL_TIMEOUT = 30;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Fills in the settings from environment variables and the user's token file.
 *
 * @throws {RangeError} If the revision, the endpoint or the token is impossible; the message shows no secret.
 */
export async function hubSettings(options: HubOptions, environment: Environment = process.env): Promise<HubSettings> {
  const userCache = environment["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const endpoint = (options.endpoint ?? (environment["HF_ENDPOINT"] || HUB_URL)).replace(/\/+$/, "");
  checkEndpoint(endpoint);
  const { revision = "main" } = options;
  if (!/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(revision)) {
    throw new RangeError(`revision must be a branch, a tag or a commit, got "${revision}".`);
  }
  const home = environment["HF_HOME"] || join(userCache, "huggingface");
  return {
    hubCache:
      options.hubCache ?? (environment["HF_HUB_CACHE"] || environment["HUGGINGFACE_HUB_CACHE"] || join(home, "hub")),
    cache: options.cache ?? (environment["RELATUM_CACHE"] || join(userCache, "relatum")),
    endpoint,
    token: checkToken(options.token ?? (await findToken(environment, home))),
    revision,
    offline: options.offline ?? isTrue(environment["HF_HUB_OFFLINE"]),
    timeout: options.timeout ?? DEFAULT_TIMEOUT,
    stallTimeout: options.stallTimeout ?? DEFAULT_STALL_TIMEOUT,
    signal: options.signal,
    onProgress: options.onProgress ?? (() => {}),
  };
}

/** Messages name the address later: it must hold no secret. */
function checkEndpoint(endpoint: string): void {
  const shown = endpoint.replace(/[^/]*@/, "…@");
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new RangeError(`endpoint must be the address of a hub, got "${shown}".`);
  }
  const { username, password } = new URL(endpoint);
  if (username !== "" || password !== "") {
    throw new RangeError(`endpoint must hold no name and no password, got "${shown}". Use the token (HF_TOKEN).`);
  }
}

/** fetch would refuse a token with other characters with a message that shows it. */
function checkToken(token: string): string | undefined {
  const trimmed = token.trim();
  if (/^[!-~]*$/.test(trimmed)) return trimmed || undefined;
  const place = trimmed.search(/[^!-~]/);
  throw new RangeError(
    `token must hold letters, digits and signs alone, got something else as character ${place + 1} of ${trimmed.length}. ` +
      "Look at HF_TOKEN, or log in again.",
  );
}

async function findToken(environment: Environment, home: string): Promise<string> {
  const named = environment["HF_TOKEN"];
  if (named) return named;
  return (await readFile(environment["HF_TOKEN_PATH"] || join(home, "token"), "utf8").catch(() => "")).trim();
}

function isTrue(value: string | undefined): boolean {
  return ["1", "on", "yes", "true"].includes(value?.toLowerCase() ?? "");
}
