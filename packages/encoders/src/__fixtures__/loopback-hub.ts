import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A file that a {@link LoopbackHub} serves. */
export interface ServedFile {
  readonly content: Uint8Array;
  /** Whether it is served by the second host, as large files are, and known by its SHA-256. */
  readonly large?: boolean;
  /** What the listing says in place of the right hash. */
  readonly hash?: string;
  /** What the listing says in place of the right size. */
  readonly size?: number;
}

/** A request that arrived. */
export interface SeenRequest {
  readonly host: "hub" | "storage";
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** The commit of the only model that a {@link LoopbackHub} has. */
export const COMMIT: string = "c0ffee".padEnd(40, "0");

/** A hub on this machine with one model, and the second host to which it sends for large files. */
export class LoopbackHub {
  readonly id: string = "acme/tiny-bert";
  readonly seen: SeenRequest[] = [];
  files: Readonly<Record<string, ServedFile>> = {};
  /** Sends at most so many bytes of a large file, then cuts the connection; counts down the answers it does so for. */
  cut: { bytes: number; times: number } = { bytes: 0, times: 0 };
  /** Whether a part of a file is sent if only a part is asked for. */
  honoursRanges: boolean = true;
  /** The status of every answer, if not the right one. */
  status: number | undefined;
  /** Refuses so many requests first; `retryAfter` in seconds. */
  refusals: { status: number; retryAfter: number; times: number } | undefined;
  /** Which kind of answer stops after its first byte, the connection kept. */
  stalls: "answer" | "file" | undefined;
  /** Whether the list of files names a next page each time. */
  endless: boolean = false;
  /** What stands in place of every answer. */
  page: string | undefined;
  /** Whether requests stay unanswered. */
  silent: boolean = false;
  readonly #hub: Server = createServer((request, response) => this.#answer("hub", request, response));
  readonly #storage: Server = createServer((request, response) => this.#answer("storage", request, response));

  async start(): Promise<void> {
    for (const server of [this.#hub, this.#storage]) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    }
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#storage]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  get endpoint(): string {
    return addressOf(this.#hub);
  }

  /** The paths below the model that were asked for on a host. */
  paths(host: SeenRequest["host"]): string[] {
    return this.seen.filter((request) => request.host === host).map(({ path }) => path);
  }

  #answer(host: SeenRequest["host"], request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "").replace(/\?.*/, "");
    const { authorization, range } = request.headers;
    this.seen.push({ host, path, authorization, range });
    if (this.silent) return;
    if (this.refusals !== undefined && this.refusals.times > 0) {
      this.refusals.times -= 1;
      response.writeHead(this.refusals.status, { "retry-after": `${this.refusals.retryAfter}` }).end("no");
    } else if (this.page !== undefined) response.end(this.page);
    else if (this.stalls === "answer") response.writeHead(200, { "content-length": 100 }).write("{");
    else if (this.status !== undefined) response.writeHead(this.status).end("no");
    else if (path === `/api/models/${this.id}/revision/main`) sendJson(response, { id: this.id, sha: COMMIT });
    else if (path === `/api/models/${this.id}/tree/${COMMIT}`) {
      if (this.endless) response.setHeader("link", `<${this.endpoint}${path}?cursor=1>; rel="next"`);
      sendJson(response, this.#listing());
    } else this.#sendFile(host, path.split("/").at(-1) ?? "", request, response);
  }

  #listing(): object[] {
    const entries = Object.entries(this.files).map(([path, { content, large, hash, size = content.length }]) => {
      const gitHash = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
      const sha256 = createHash("sha256").update(content).digest("hex");
      const file = { type: "file", path, size, oid: large ? gitHash : (hash ?? gitHash) };
      return large ? { ...file, lfs: { oid: hash ?? sha256, size, pointerSize: 130 } } : file;
    });
    return [{ type: "directory", path: "onnx", size: 0, oid: "0" }, ...entries];
  }

  #sendFile(host: SeenRequest["host"], name: string, request: IncomingMessage, response: ServerResponse): void {
    const file = this.files[name];
    if (file === undefined) {
      response.writeHead(404).end();
    } else if (file.large === true && host === "hub") {
      response.writeHead(302, { location: `${addressOf(this.#storage)}/${name}` }).end();
    } else {
      const start = this.honoursRanges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
      const rest = file.content.subarray(start);
      const range = { "content-range": `bytes ${start}-${file.content.length - 1}/${file.content.length}` };
      response.writeHead(start > 0 ? 206 : 200, { "content-length": rest.length, ...(start > 0 && range) });
      if (file.large === true && this.cut.times > 0) {
        this.cut.times -= 1;
        response.write(rest.subarray(0, this.cut.bytes), () => setTimeout(() => response.destroy(), 20));
      } else if (file.large === true && this.stalls === "file") {
        response.write(rest.subarray(0, 1));
      } else {
        response.end(rest);
      }
    }
  }
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}
