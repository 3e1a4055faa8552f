import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong between a program and the host that it downloads from. */
export interface Fault {
  readonly name: string;
  /** Nothing listens at the host's address. */
  readonly absent?: boolean;
  /** The status of the answers, in place of the file. */
  readonly status?: number;
  /** The header `retry-after` of those answers, in seconds. */
  readonly retryAfter?: number;
  /** The part of the file after which the connection is cut, 0–1. */
  readonly cutAt?: number;
  /** The part of the file after which nothing arrives any more, 0–1. */
  readonly stallAt?: number;
  /** Requests are taken and never answered. */
  readonly silent?: boolean;
  /** The file arrives in small pieces with pauses in between. */
  readonly slow?: boolean;
  /** The file has the right size and a wrong byte. */
  readonly wrongBytes?: boolean;
  /** The file lies at another host, to which the first sends. */
  readonly elsewhere?: boolean;
  /** How many answers go wrong; all without it. */
  readonly times?: number;
}

/** A request that arrived. */
export interface SeenRequest {
  readonly host: "first" | "second";
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** Two hosts on this machine, `127.0.0.1` and `localhost`, that serve files by path, faultily where told to. */
export class FaultyServer {
  readonly seen: SeenRequest[] = [];
  /** Contents by path. */
  files: Readonly<Record<string, Uint8Array>> = {};
  /** Headers that the answers of a path have in addition. */
  headers: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
  /** Which paths the fault is about. */
  faulty: (path: string) => boolean = () => true;
  /** Called after each piece of a faulty path's file: the part of it that is sent, 0–1. */
  onPiece: (sent: number) => void = () => {};
  #fault: Fault | undefined;
  #left: number = 0;
  #ports: [first: number, second: number] = [0, 0];
  readonly #servers: [first: Server, second: Server] = [
    createServer((request, response) => void this.#answer("first", request, response)),
    createServer((request, response) => void this.#answer("second", request, response)),
  ];

  /** Chooses the fault, or none, and starts the hosts, unless the fault is that there are none. */
  async apply(fault?: Fault): Promise<void> {
    this.#fault = fault;
    this.#left = fault?.times ?? Infinity;
    await this.stop();
    if (fault?.absent === true && this.#ports[0] !== 0) return;
    for (const [index, host] of (["127.0.0.1", "localhost"] as const).entries()) {
      const server = this.#servers[index] as Server;
      await new Promise<void>((resolve) => server.listen(this.#ports[index], host, resolve));
      this.#ports[index] = (server.address() as AddressInfo).port;
    }
    if (fault?.absent === true) await this.stop();
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      if (!server.listening) continue;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** The first host's address, without a slash at its end. */
  get address(): string {
    return `http://127.0.0.1:${this.#ports[0]}`;
  }

  get secondAddress(): string {
    return `http://localhost:${this.#ports[1]}`;
  }

  async #answer(host: SeenRequest["host"], request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").replace(/\?.*/, "");
    const { authorization, range } = request.headers;
    this.seen.push({ host, path, authorization, range });
    const content = this.files[path];
    const fault = this.faulty(path) && this.#left > 0 ? this.#fault : undefined;
    if (fault?.silent === true) return;
    if (fault?.elsewhere === true && host === "first") {
      response.writeHead(302, { location: this.secondAddress + (request.url ?? "") }).end();
      return;
    }
    if (fault !== undefined) this.#left -= 1;
    if (fault?.status !== undefined) {
      const wait = fault.retryAfter === undefined ? {} : { "retry-after": `${fault.retryAfter}` };
      response.writeHead(fault.status, wait).end("no");
    } else if (content === undefined) {
      response.writeHead(404).end("no");
    } else {
      for (const [name, value] of Object.entries(this.headers[path] ?? {})) response.setHeader(name, value);
      await this.#send(content, Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0), response, fault);
    }
  }

  async #send(content: Uint8Array, start: number, response: ServerResponse, fault: Fault | undefined): Promise<void> {
    const rest = Buffer.from(content.subarray(start));
    if (fault?.wrongBytes === true && rest.length > 0) rest[rest.length >> 1]! ^= 0xff;
    const range = start > 0 ? { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` } : {};
    const type =
      content[0] === 0x3c ? "text/html" : content[0] === 0x7b || content[0] === 0x5b ? "application/json" : "";
    const headers = { "content-length": rest.length, "content-type": type || "application/octet-stream", ...range };
    response.writeHead(start > 0 ? 206 : 200, headers);
    const stop = Math.floor(rest.length * (fault?.cutAt ?? fault?.stallAt ?? 1));
    const piece = fault?.slow === true ? Math.ceil(rest.length / 10) : 65_536;
    for (let sent = 0; sent < stop && !response.destroyed; sent += piece) {
      await new Promise((resolve) => response.write(rest.subarray(sent, Math.min(sent + piece, stop)), resolve));
      if (fault !== undefined) this.onPiece(Math.min(sent + piece, stop) / rest.length);
      if (fault?.slow === true) await new Promise((resolve) => setTimeout(resolve, 60));
    }
    // What was written must reach the other side first.
    if (fault?.cutAt !== undefined) setTimeout(() => response.destroy(), 20);
    else if (fault?.stallAt === undefined) response.end();
    else response.flushHeaders();
  }
}

/** Connections cut at every tenth of a file, once and for good. */
const CUTS: readonly Fault[] = Array.from({ length: 10 }, (_, tenth) => ({
  name: `connection cut at ${tenth} tenths`,
  cutAt: tenth / 10,
}));

/** The faults of a network that every download is put through. */
export const NETWORK_FAULTS: readonly Fault[] = [
  { name: "no network", absent: true },
  { name: "host that does not answer", silent: true },
  { name: "slow network", slow: true },
  { name: "network that stalls half-way", stallAt: 0.5 },
  { name: "network that stalls once", stallAt: 0.5, times: 1 },
  ...CUTS,
  ...CUTS.slice(1, 10).map((cut) => ({ ...cut, name: `${cut.name}, once`, times: 1 })),
  { name: "wrong bytes of the right size", wrongBytes: true },
  { name: "wrong bytes once", wrongBytes: true, times: 1 },
  { name: "wrong bytes, then a cut", wrongBytes: true, cutAt: 0.7 },
  { name: "file at another host", elsewhere: true },
  { name: "status 404", status: 404 },
  { name: "status 500", status: 500 },
  { name: "status 500 once", status: 500, times: 1 },
  { name: "status 429, retry after 1 s, once", status: 429, retryAfter: 1, times: 1 },
  { name: "status 429, retry after an hour", status: 429, retryAfter: 3600 },
];
