import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import type { Http2Server, Http2ServerRequest, Http2ServerResponse, Http2Session } from "node:http2";
import type { Duplex } from "node:stream";

/** Takes connections that speak HTTP/2: each request is one of a server's that speaks HTTP/1.1. */
export class Http2Door {
  readonly #behind: HttpServer;
  readonly #sessions = new Set<Http2Session>();
  #server: Http2Server | undefined;

  constructor(behind: HttpServer) {
    this.#behind = behind;
  }

  take(socket: Duplex): void {
    this.#server ??= this.#create();
    this.#server.emit("connection", socket);
  }

  /** Each session ends with the last of what it has accepted. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #create(): Http2Server {
    const { createServer } = process.getBuiltinModule("node:http2");
    const server = createServer({ settings: { maxConcurrentStreams: 100 } });
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.on("error", () => {});
    });
    server.on("request", (request, response) => {
      this.#behind.emit("request", toHttp1(request), withoutConnection(response));
    });
    return server;
  }
}

/** As it would have come over HTTP/1.1. */
function toHttp1(request: Http2ServerRequest): IncomingMessage {
  const flat = ["host", request.authority];
  const { rawHeaders } = request;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    // What begins with a colon is of the protocol; of two hosts the authority counts.
    if (!name.startsWith(":") && name !== "host") flat.push(name, rawHeaders[at + 1] as string);
  }
  Object.defineProperty(request, "rawHeaders", { value: flat });
  request.headers.host = request.authority;
  // A body without a length comes in pieces, as it does there.
  if (request.headers["content-length"] === undefined && !request.stream.endAfterHeaders) {
    request.headers["transfer-encoding"] = "chunked";
  }
  return request as unknown as IncomingMessage;
}

/** Headers of a connection mean nothing there, and some are refused. */
const OF_THE_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade"]);

function withoutConnection(response: Http2ServerResponse): ServerResponse {
  const writeHead = response.writeHead.bind(response);
  Object.defineProperty(response, "writeHead", {
    value: (status: number, fields: readonly string[] | Readonly<Record<string, string>> = {}) => {
      const pairs = Array.isArray(fields) ? pairsOf(fields) : Object.entries(fields);
      const headers: Record<string, string | string[]> = {};
      for (const [name, value] of pairs) {
        if (OF_THE_CONNECTION.has(name.toLowerCase())) continue;
        const there = headers[name];
        headers[name] = there === undefined ? value : [...(Array.isArray(there) ? there : [there]), value];
      }
      return writeHead(status, headers);
    },
  });
  return response as unknown as ServerResponse;
}

function* pairsOf(flat: readonly string[]): Generator<readonly [string, string]> {
  for (let at = 0; at < flat.length; at += 2) yield [flat[at] as string, flat[at + 1] as string];
}
