import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, isIP, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTarget } from "../../src/kubernetes/api/kube-config.ts";

/**
 * Stands before the real API server and carries bytes, so that the runner speaks to it as ever: TLS and HTTP/2. Down, it
 * is as a server that was stopped: connections break, and new ones are refused.
 */
export class TcpProxy implements AsyncDisposable {
  /** Connections made so far. */
  connections = 0;
  readonly #target = findTarget({ env: process.env, context: undefined, namespace: undefined });
  readonly #folder = mkdtempSync(join(tmpdir(), "hadron-tcp-proxy-"));
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  static async start(): Promise<TcpProxy> {
    const proxy = new TcpProxy();
    await proxy.up();
    return proxy;
  }

  /** For a kubeconfig that leads here. */
  get env(): Record<string, string> {
    const { tls, server, user } = this.#target;
    const base64 = (data: Buffer | undefined) => data?.toString("base64");
    const config = {
      "current-context": "proxy",
      contexts: [{ name: "proxy", context: { cluster: "proxy", user: "user" } }],
      clusters: [
        {
          name: "proxy",
          cluster: {
            server: `https://127.0.0.1:${this.#port}`,
            "certificate-authority-data": base64(tls.ca),
            "tls-server-name": tls.servername ?? nameOf(server),
            "insecure-skip-tls-verify": tls.insecure,
          },
        },
      ],
      users: [
        {
          name: "user",
          user: {
            "client-certificate-data": base64(tls.cert),
            "client-key-data": base64(tls.key),
            token: user.token,
            exec: user.exec,
          },
        },
      ],
    };
    const path = join(this.#folder, "config");
    writeFileSync(path, JSON.stringify(config));
    return { ...(process.env as Record<string, string>), KUBECONFIG: path };
  }

  async down(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async up(): Promise<void> {
    const { hostname, port } = new URL(this.#target.server);
    const server = createServer((socket) => {
      this.connections++;
      const onward = connect({ host: hostname, port: Number(port || 443) });
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => other.destroy()).once("close", () => this.#sockets.delete(one));
        one.once("close", () => other.destroy());
        one.pipe(other);
      }
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true });
  }
}

/** A name that the server's certificate has: every API server's has `kubernetes`, for pods. */
function nameOf(server: string): string {
  const { hostname } = new URL(server);
  return isIP(hostname.replace(/[[\]]/g, "")) === 0 ? hostname : "kubernetes";
}
