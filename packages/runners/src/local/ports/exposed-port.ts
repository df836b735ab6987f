import { createServer, type Server, type Socket } from "node:net";
import { type Expose, HadronError } from "@hadron/core/spi";
import { listenAt } from "../../shared/listen-at.ts";
import type { LocalReplica } from "../replica/replica.ts";

/** Connections that wait while no replica is ready. */
const WAITING = 1024;
/** For how long. */
const WAIT_MS = 30_000;

/**
 * The address of an exposed service. The runner listens, and passes each connection on to the replica with the fewest
 * that it has not taken yet, as a handle: what is then sent over it does not touch the runner. So the address stays while
 * replicas come and go, serves all of them, and works the same on Linux and macOS (where SO_REUSEPORT balances nothing).
 */
export class ExposedPort {
  readonly port: number;
  readonly #server: Server;
  readonly #service: string;
  readonly #replicas: () => readonly LocalReplica[];
  readonly #waiting = new Map<Socket, NodeJS.Timeout>();
  #next = 0;

  private constructor(service: string, server: Server, port: number, replicas: () => readonly LocalReplica[]) {
    this.#service = service;
    this.#server = server;
    this.port = port;
    this.#replicas = replicas;
    server.on("connection", (socket: Socket) => {
      socket.on("error", () => {}); // The caller went away: nobody is left to tell.
      this.#take(socket);
    });
  }

  /** Listens. Rejects with the system's error (`EADDRINUSE`) where it cannot. */
  static async open(
    service: string,
    host: string,
    port: number,
    replicas: () => readonly LocalReplica[],
  ): Promise<ExposedPort> {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    return new ExposedPort(service, server, await listenAt(server, host, port), replicas);
  }

  /** A replica is ready: whoever waits can go on. */
  changed(): void {
    for (const socket of this.#leave()) this.#take(socket);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#leave()) socket.destroy();
  }

  #leave(): readonly Socket[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting.map(([socket, timer]) => {
      clearTimeout(timer);
      return socket;
    });
  }

  #take(socket: Socket): void {
    if (socket.destroyed) return;
    const replicas = this.#replicas();
    const ready = replicas.filter(({ state }) => state === "ready");
    const fewest = Math.min(...ready.map(({ pending }) => pending));
    const best = ready.filter(({ pending }) => pending === fewest);
    // In turn among equals: callers that keep few connections open should still reach all replicas.
    const chosen = best[this.#next % best.length];
    if (chosen === undefined) {
      this.#wait(socket, replicas);
      return;
    }
    this.#next++;
    chosen.pass(socket).then((passed) => {
      if (passed) socket.destroy();
      else this.#wait(socket, this.#replicas());
    });
  }

  #wait(socket: Socket, replicas: readonly LocalReplica[]): void {
    const failed = replicas.every(({ state }) => state === "failed");
    if (failed || this.#waiting.size >= WAITING) {
      this.#refuse(socket, failed ? "has no replica that works" : "is starting");
      return;
    }
    const timer = setTimeout(() => {
      if (this.#waiting.delete(socket)) this.#refuse(socket, "has no replica that is ready");
    }, WAIT_MS);
    this.#waiting.set(socket, timer);
  }

  #refuse(socket: Socket, why: string): void {
    const body = `${JSON.stringify({ error: { code: "UNAVAILABLE", message: `"${this.#service}" ${why}; look at its status and logs.` } })}\n`;
    socket.end(
      "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nconnection: close\r\nretry-after: 1\r\n" +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
}

/** An address that can be called from this machine. */
export function toEndpoint({ host, tls }: Pick<Expose, "host" | "tls">, port: number): string {
  const local = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `${tls === undefined ? "http" : "https"}://${local.includes(":") ? `[${local}]` : local}:${port}`;
}

/** The error of a port that is taken. `owner`: who has it, if that is known. */
export function portTaken(
  service: string,
  { host }: Expose,
  port: number,
  owner: string | undefined,
  cause: unknown,
): HadronError {
  const who = owner === undefined ? "another process has it" : `${owner} has it`;
  return new HadronError(
    "RUNNER_FAILED",
    `"${service}" is to be exposed on port ${port} of ${host}, but ${who}. Stop that, or choose another: expose: { port: … }.`,
    { cause },
  );
}

/** The error of an address that cannot be listened on for another reason, e.g. a port below 1024. */
export function cannotListen(service: string, { host }: Expose, port: number, cause: unknown): HadronError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HadronError("RUNNER_FAILED", `"${service}" cannot be exposed on port ${port} of ${host}: ${why}.`, {
    cause,
  });
}
