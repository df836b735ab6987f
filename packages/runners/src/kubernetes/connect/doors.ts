import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { HadronError, inWords } from "@hadron/core/spi";
import { listenAt } from "../../shared/listen-at.ts";
import type { Api } from "../api/api.ts";
import { openPodStream } from "../api/pod-stream.ts";

/** Sockets of this machine whose connections are carried to ports of pods, through the API server. */
export class Doors {
  readonly #api: Api;
  /** Only this user can enter it. */
  readonly #folder = mkdtempSync(join(tmpdir(), "hadron-"));
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** A way to one pod, as `unix:/path`. */
  open(pod: string, port: number): string {
    const file = `${this.#servers.length}.sock`;
    const path = process.platform === "win32" ? `\\\\.\\pipe\\hadron-${process.pid}-${file}` : join(this.#folder, file);
    this.#serve(() => pod, port).listen(path);
    return `unix:${path}`;
  }

  /**
   * A way for any protocol, as `host:port`: each connection goes to the pod that is picked for it, and breaks where there is
   * none. RUNNER_FAILED where this machine has no port to give.
   */
  async openPort(pick: () => string | undefined, port: number): Promise<string> {
    const server = this.#serve(pick, port);
    try {
      return `127.0.0.1:${await listenAt(server, "127.0.0.1", 0)}`;
    } catch (cause) {
      throw new HadronError("RUNNER_FAILED", `No port of this machine can be opened: ${inWords(cause)}.`, { cause });
    }
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #serve(pick: () => string | undefined, port: number): Server {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#carry(socket, pick(), port));
    this.#servers.push(server);
    return server;
  }

  #carry(socket: Socket, pod: string | undefined, port: number): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {}); // The caller's side; it sees the same.
    if (pod === undefined) {
      socket.destroy();
      return;
    }
    openPodStream(this.#api, pod, port).then(
      (stream) => {
        // Either end that breaks ends both; the caller then tries anew, as with any connection.
        pipeline(socket, stream, () => stream.destroy());
        pipeline(stream, socket, () => socket.destroy());
      },
      () => socket.destroy(),
    );
  }
}
