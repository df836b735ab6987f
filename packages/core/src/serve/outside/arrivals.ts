import type { Socket } from "node:net";
import type { Clockwork } from "../../clock/clockwork.ts";
import type { Expose } from "../../declare/definition.ts";
import { callerOf, type InNetworks, readNetworks } from "./networks.ts";
import { readProxyHeader } from "./proxy-header.ts";

/** A proxy may take so long to say whose connection it is. */
const HEADER_MS = 10_000;

/** Takes a connection. `client`: the address of whose it is, where that is not who it came from. */
export type Take = (socket: Socket, client: string | undefined) => void;

/** What is looked at of connections from outside, before anything is read of what they say. */
export type ArrivalOptions = Pick<Expose, "connectionsPerAddress" | "proxyProtocol">;

/** Whether there is anything to look at. */
export function looksAtArrivals({ connectionsPerAddress, proxyProtocol }: ArrivalOptions): boolean {
  return connectionsPerAddress !== undefined || proxyProtocol !== undefined;
}

/** Stands where connections from outside arrive: reads whose they are from proxies that are trusted, and lets so many of one address in. */
export class Arrivals {
  readonly #most: number;
  readonly #isProxy: InNetworks;
  readonly #clock: Clockwork;
  readonly #take: Take;
  readonly #open = new Map<string, number>();

  constructor({ connectionsPerAddress, proxyProtocol = [] }: ArrivalOptions, clock: Clockwork, take: Take) {
    this.#most = connectionsPerAddress ?? Number.POSITIVE_INFINITY;
    this.#isProxy = readNetworks(proxyProtocol, (network) => new Error(`${network} is no network.`));
    this.#clock = clock;
    this.#take = take;
  }

  take(socket: Socket): void {
    const { remoteAddress = "" } = socket;
    if (this.#isProxy(callerOf(remoteAddress)) || this.#isProxy(remoteAddress)) this.#readHeader(socket);
    else this.#admit(socket, undefined);
  }

  /** The protocol is never guessed: who is a proxy says it, and of whom it is not, nothing is believed. */
  #readHeader(socket: Socket): void {
    let bytes = Buffer.alloc(0);
    socket.on("error", () => {});
    const timer = this.#clock.after(HEADER_MS, () => socket.destroy());
    const stop = () => this.#clock.cancel(timer);
    socket.once("close", stop);
    const read = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const header = readProxyHeader(bytes);
      if (header.kind === "more") return;
      stop();
      socket.off("close", stop).off("data", read).pause();
      if (header.kind === "bad") {
        socket.destroy();
        return;
      }
      if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
      this.#admit(socket, header.client);
      socket.resume();
    };
    socket.on("data", read).resume();
  }

  #admit(socket: Socket, client: string | undefined): void {
    const caller = callerOf(client ?? socket.remoteAddress ?? "");
    const open = this.#open.get(caller) ?? 0;
    if (open >= this.#most) {
      socket.destroy();
      return;
    }
    this.#open.set(caller, open + 1);
    socket.once("close", () => {
      const left = (this.#open.get(caller) ?? 0) - 1;
      if (left > 0) this.#open.set(caller, left);
      else this.#open.delete(caller);
    });
    this.#take(socket, client);
  }
}

/** A connection that says it is that client's, to all who ask. */
export function asOf<T extends Socket>(socket: T, client: string | undefined): T {
  if (client !== undefined) Object.defineProperty(socket, "remoteAddress", { value: client });
  return socket;
}
