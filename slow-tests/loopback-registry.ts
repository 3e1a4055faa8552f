import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What npm sends to publish a version, and what it gets to install one. */
interface Packument {
  readonly name: string;
  readonly versions: Record<string, { dist: { tarball: string } }>;
  readonly "dist-tags": Record<string, string>;
  readonly time: Record<string, string>;
  readonly _attachments?: Readonly<Record<string, { readonly data: string }>>;
}

/** A package registry on this machine alone, which keeps what is published in memory. */
export interface LoopbackRegistry {
  readonly url: string;
  /** What was published, in order: `@relatum/atlop@0.1.0`. */
  readonly published: readonly string[];
  close(): Promise<void>;
}

/** Starts a registry with the three requests that publishing and installing need, open to everybody on this machine. */
export async function startRegistry(): Promise<LoopbackRegistry> {
  const packuments = new Map<string, Packument>();
  const tarballs = new Map<string, Buffer>();
  const published: string[] = [];
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? "/", url).pathname.slice(1));
    const tarball = tarballs.get(path);
    const packument = packuments.get(path);
    if (request.method === "PUT") {
      publish(JSON.parse(await readBody(request)) as Packument, response);
    } else if (request.method === "GET" && tarball !== undefined) {
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(tarball);
    } else if (request.method === "GET" && packument !== undefined) {
      send(response, 200, packument);
    } else {
      send(response, 404, { error: "not found" });
    }
  }

  function publish(sent: Packument, response: ServerResponse): void {
    const { name, versions, _attachments = {} } = sent;
    const old = packuments.get(name);
    const [version] = Object.keys(versions);
    if (version === undefined || old?.versions[version] !== undefined) {
      send(response, 403, { error: `You cannot publish over the previously published ${name}@${version}.` });
      return;
    }
    for (const [file, { data }] of Object.entries(_attachments)) {
      const path = `${name}/-/${file.split("/").at(-1)}`;
      tarballs.set(path, Buffer.from(data, "base64"));
      versions[version] = { ...versions[version], dist: { ...versions[version]?.dist, tarball: url + path } };
    }
    packuments.set(name, {
      name,
      versions: { ...old?.versions, ...versions },
      "dist-tags": { ...old?.["dist-tags"], ...sent["dist-tags"] },
      time: { ...old?.time, [version]: new Date(0).toISOString() },
    });
    published.push(`${name}@${version}`);
    send(response, 201, { ok: true });
  }

  return { url, published, close: () => close(server) };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
