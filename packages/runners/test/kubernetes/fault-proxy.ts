import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request as forward } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { findTarget } from "../../src/kubernetes/api/kube-config.ts";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly isWatch: boolean;
  /** Whether it changes something, dry runs apart. */
  readonly isChange: boolean;
  /** A WebSocket: a port-forward. */
  readonly isUpgrade: boolean;
}

/** What becomes of a request: it passes, it is answered by the proxy, or its connection breaks before or after it got there. */
export type Fate =
  | "pass"
  | "cut before"
  | "cut after"
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown };

/** Stands between a runner and the real API server, and spoils what a test wants spoilt. */
export class FaultProxy implements AsyncDisposable {
  fate: (seen: Seen) => Fate | Promise<Fate> = () => "pass";
  /** Each watch ends after this time with 410, as if its place had expired. */
  watchMs = Number.POSITIVE_INFINITY;
  /** Whom the runner is to be, for the API server. */
  as: string | undefined;
  readonly seen: Seen[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "hadron-proxy-"));
  readonly #target = findTarget({ env: process.env, context: undefined, namespace: undefined });
  readonly #agent = new Agent({
    keepAlive: true,
    ca: this.#target.tls.ca,
    cert: this.#target.tls.cert,
    key: this.#target.tls.key,
  });
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #sockets = new Set<Socket>();
  #isDown = false;

  static async start(): Promise<FaultProxy> {
    const proxy = new FaultProxy();
    proxy.#server.on("connection", (socket) => {
      if (proxy.#isDown) socket.destroy();
      proxy.#sockets.add(socket);
      socket.once("close", () => proxy.#sockets.delete(socket));
    });
    proxy.#server.on("upgrade", (request, socket, head) => proxy.#upgrade(request, socket as Socket, head));
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** For a kubeconfig that leads here. */
  get env(): Record<string, string> {
    const { port } = this.#server.address() as AddressInfo;
    const path = join(this.folder, "config");
    writeFileSync(
      path,
      JSON.stringify({
        "current-context": "proxy",
        contexts: [{ name: "proxy", context: { cluster: "proxy", user: "x" } }],
        clusters: [{ name: "proxy", cluster: { server: `http://127.0.0.1:${port}` } }],
        users: [{ name: "x", user: { as: this.as } }],
      }),
    );
    return { ...(process.env as Record<string, string>), KUBECONFIG: path };
  }

  /** As if the API server were stopped: every connection breaks, and no new one is taken, until `up`. */
  down(): void {
    this.#isDown = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  up(): void {
    this.#isDown = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true });
  }

  /** A WebSocket: carried as it is. */
  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { pathname: path } = new URL(request.url!, "http://x");
    this.seen.push({ method: "GET", path, isWatch: false, isChange: false, isUpgrade: true });
    const { hostname, port } = new URL(this.#target.server);
    const { ca, cert, key } = this.#target.tls;
    const onward = connectTls({ host: hostname, port: Number(port), ca, cert, key }, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let at = 0; at < request.rawHeaders.length; at += 2)
        lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
      onward.write(`${lines.join("\r\n")}\r\n\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy()).once("close", () => onward.destroy());
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, "http://x");
    const method = request.method!;
    const seen = {
      method,
      path: url.pathname,
      isWatch: url.searchParams.has("watch"),
      isChange: method !== "GET" && !url.searchParams.has("dryRun"),
      isUpgrade: false,
    };
    this.seen.push(seen);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const fate = await this.fate(seen);
    if (fate === "cut before") return void request.socket.destroy();
    if (typeof fate === "object") {
      const {
        status,
        headers = {},
        body = { kind: "Status", code: status, reason: "Injected", message: `injected ${status}` },
      } = fate;
      return void response
        .writeHead(status, { "content-type": "application/json", ...headers })
        .end(typeof body === "string" ? body : JSON.stringify(body));
    }
    const { host: _, ...headers } = request.headers;
    const onward = forward(
      new URL(this.#target.server + request.url),
      { method, headers, agent: this.#agent },
      (answer) => {
        if (fate === "cut after") {
          answer.resume();
          return void answer.once("end", () => request.socket.destroy());
        }
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
        if (seen.isWatch && this.watchMs !== Number.POSITIVE_INFINITY) {
          setTimeout(() => {
            answer.unpipe(response);
            answer.destroy();
            const gone = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };
            response.end(`${JSON.stringify({ type: "ERROR", object: gone })}\n`);
          }, this.watchMs);
        }
      },
    );
    response.once("close", () => onward.destroy());
    onward.once("error", () => request.socket.destroy());
    onward.end(Buffer.concat(chunks));
  }
}
