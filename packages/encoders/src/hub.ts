import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where models come from and go to. Environment variables fill in what is left out. */
export interface HubOptions {
  /** Folder of the Hugging Face cache; `HF_HUB_CACHE`, else `hub` in `HF_HOME`. */
  readonly hubCache?: string;
  /** Folder for models that do not come from the hub; `RELATUM_CACHE`, else `relatum` in the user's cache folder. */
  readonly cache?: string;
  /** Address of the hub; `HF_ENDPOINT`. */
  readonly endpoint?: string;
  /** Access token for the hub; `HF_TOKEN`, else the file that the hub's own tools keep. */
  readonly token?: string;
  /** Branch, tag or commit of the model. */
  readonly revision?: string;
  /** Downloads nothing; `HF_HUB_OFFLINE`. */
  readonly offline?: boolean;
  /** Longest wait for an answer of the hub, in seconds. */
  readonly timeout?: number;
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
  /** The library's own address where undefined. */
  readonly endpoint: string | undefined;
  readonly token: string | undefined;
  readonly revision: string;
  readonly offline: boolean;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: DownloadProgress) => void;
}

/** Seconds until a hub that does not answer counts as out of reach. */
const DEFAULT_TIMEOUT = 5;

type Environment = Readonly<Record<string, string | undefined>>;

/** Fills in the settings from environment variables and the user's token file. */
export async function hubSettings(options: HubOptions, environment: Environment = process.env): Promise<HubSettings> {
  const userCache = environment["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const home = environment["HF_HOME"] || join(userCache, "huggingface");
  return {
    hubCache:
      options.hubCache ?? (environment["HF_HUB_CACHE"] || environment["HUGGINGFACE_HUB_CACHE"] || join(home, "hub")),
    cache: options.cache ?? (environment["RELATUM_CACHE"] || join(userCache, "relatum")),
    endpoint: (options.endpoint ?? (environment["HF_ENDPOINT"] || undefined))?.replace(/\/+$/, ""),
    token:
      options.token ??
      (environment["HF_TOKEN"] || (await readToken(environment["HF_TOKEN_PATH"] || join(home, "token")))),
    revision: options.revision ?? "main",
    offline: options.offline ?? isTrue(environment["HF_HUB_OFFLINE"]),
    timeout: options.timeout ?? DEFAULT_TIMEOUT,
    signal: options.signal,
    onProgress: options.onProgress ?? (() => {}),
  };
}

async function readToken(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim() || undefined;
  } catch {
    return undefined;
  }
}

function isTrue(value: string | undefined): boolean {
  return ["1", "on", "yes", "true"].includes(value?.toLowerCase() ?? "");
}
