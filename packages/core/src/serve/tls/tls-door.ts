import type { Socket } from "node:net";
import type { SecureContext, Server, TLSSocket } from "node:tls";
import type { Clockwork } from "../../clock/clockwork.ts";
import { within } from "../../clock/within.ts";
import { asOf } from "../outside/arrivals.ts";
import type { FindCertificate } from "./certificate.ts";
import { sendToTls } from "./send-to-tls.ts";

/** The first byte of TLS: a record with a handshake. RFC 8446, section 5.1. */
const HANDSHAKE = 22;
/** A caller may take so long until it has shaken hands. */
const HANDSHAKE_MS = 20_000;
/** Hosts whose certificates are kept at hand. */
const MOST_HOSTS = 1000;

/** What is behind the door. */
export interface Behind {
  /** Takes a connection that speaks HTTP/1.1. */
  http1(socket: TLSSocket): void;
  /** The same for HTTP/2. */
  http2(socket: TLSSocket): void;
}

interface Kept {
  readonly context: Promise<SecureContext | undefined>;
  readonly until: number;
}

/** Takes connections of callers from outside, and speaks TLS with them. */
export class TlsDoor {
  readonly #find: FindCertificate;
  readonly #clock: Clockwork;
  readonly #server: Server;
  readonly #hosts = new Map<string | undefined, Kept>();
  /** Who has come and not shaken hands yet: by what the connection is, whose it is. */
  readonly #shaking = new Map<string, string | undefined>();
  #settled: (() => void) | undefined;

  constructor(find: FindCertificate, clock: Clockwork, behind: Behind) {
    this.#find = find;
    this.#clock = clock;
    const { createServer } = process.getBuiltinModule("node:tls");
    this.#server = createServer({
      minVersion: "TLSv1.2",
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: HANDSHAKE_MS,
      SNICallback: (host, told) => {
        this.#contextOf(host.toLowerCase()).then(
          (context) => told(context === undefined ? new Error("There is no such host.") : null, context),
          (error) => told(error),
        );
      },
    });
    this.#server.on("secureConnection", (socket) => {
      const peer = peerOf(socket);
      asOf(socket, this.#shaking.get(peer));
      this.#shaken(peer);
      if (socket.alpnProtocol === "h2") behind.http2(socket);
      else behind.http1(socket);
    });
    this.#server.on("tlsClientError", (_, socket) => socket.destroy());
  }

  /** `client`: whose connection it is, where that is not who it came from. */
  take(socket: Socket, client?: string): void {
    socket.on("error", () => {});
    const peer = peerOf(socket);
    this.#shaking.set(peer, client);
    socket.once("close", () => this.#shaken(peer));
    const timer = this.#clock.after(HANDSHAKE_MS, () => socket.destroy());
    const stop = () => this.#clock.cancel(timer);
    socket.once("close", stop);
    socket.once("data", (first: Buffer) => {
      stop();
      socket.off("close", stop);
      socket.pause();
      socket.unshift(first);
      if (first[0] === HANDSHAKE) {
        void this.#enter(socket);
        return;
      }
      this.#shaken(peer);
      sendToTls(socket);
    });
    socket.resume();
  }

  /** Resolves when all who have come have shaken hands, at most after so long: what they then ask for is behind the door. */
  async drain(withinMs: number): Promise<void> {
    if (this.#shaking.size === 0) return;
    await within(this.#clock, withinMs, new Promise<void>((resolve) => (this.#settled = resolve)));
  }

  #shaken(peer: string): void {
    if (this.#shaking.delete(peer) && this.#shaking.size === 0) this.#settled?.();
  }

  /** Whoever comes from now on sees the newest certificates. */
  forget(): void {
    this.#hosts.clear();
  }

  /** Who asks for an address names no host: the server's own certificate is for those. */
  async #enter(socket: Socket): Promise<void> {
    try {
      await this.#contextOf(undefined);
      if (!socket.destroyed) this.#server.emit("connection", socket);
    } catch {
      socket.destroy();
    }
  }

  #contextOf(host: string | undefined): Promise<SecureContext | undefined> {
    const kept = this.#hosts.get(host);
    const now = this.#clock.now();
    if (kept !== undefined && now < kept.until) return kept.context;
    const { createSecureContext } = process.getBuiltinModule("node:tls");
    const found = this.#find(host);
    const context = found.then((certificate) => {
      if (certificate === null) return undefined;
      const options = { cert: certificate.cert, key: certificate.key, minVersion: "TLSv1.2" } as const;
      if (host === undefined) this.#server.setSecureContext(options);
      return createSecureContext(options);
    });
    // What is not known yet is asked for once, whoever asks.
    const asking = { context, until: Number.POSITIVE_INFINITY };
    this.#hosts.set(host, asking);
    found.then(
      (certificate) => {
        if (this.#hosts.get(host) !== asking) return;
        if (certificate === null) this.#hosts.delete(host);
        else this.#hosts.set(host, { context, until: now + certificate.goodForMs });
        if (this.#hosts.size > MOST_HOSTS) this.#hosts.clear();
      },
      () => this.#hosts.delete(host),
    );
    return context;
  }
}

/** The same of a connection and of what is spoken over it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
