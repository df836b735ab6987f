import type { Clockwork } from "../../clock/clockwork.ts";
import { createSystemClock } from "../../clock/system-clock.ts";
import { HadronError } from "../../errors.ts";
import { ClientConnection } from "../mux/client/connection.ts";
import type { MuxServerConnection } from "../mux/server/connection.ts";
import { acceptPipe } from "../mux/server/open.ts";
import type { Dispatcher, Transport } from "../transport.ts";
import { createMemoryPipes, type Faults, MemoryPipe } from "./memory-pipe.ts";

/** A replica that listens in this process, and the faults that a test can give it. */
export interface MemoryEndpoint {
  /** Delivers each piece of what it sends and gets so much later, in milliseconds. */
  slow(ms: number): void;
  /** Breaks its connections, and refuses new ones. */
  cut(): void;
  /** Delivers nothing any more, either way, and says nothing. */
  hang(): void;
  /** Undoes {@link slow}, {@link cut} and {@link hang}. Connections that were cut stay so. */
  restore(): void;
  /** Tells its callers that it drains. */
  goaway(): void;
  /** Ends it as a process that is killed: its connections break, its calls are cancelled, its name is free. */
  close(): void;
}

/** Who listens under which name. Two registries do not meet. */
export class MemoryRegistry {
  readonly #clock: Clockwork;
  readonly #endpoints = new Map<string, Endpoint>();

  /** @param clock The time of what is between callers and those who listen. @default this machine's */
  constructor(clock = createSystemClock()) {
    this.#clock = clock;
  }

  /** Listens at `memory:NAME`. FAILED_PRECONDITION where another one does. */
  listen(name: string, dispatcher: Dispatcher): MemoryEndpoint {
    if (this.#endpoints.has(name)) {
      throw new HadronError("FAILED_PRECONDITION", `memory:${name} is taken; close the one that listens there first.`);
    }
    const endpoint = new Endpoint(dispatcher, this.#clock, () => this.#endpoints.delete(name));
    this.#endpoints.set(name, endpoint);
    return endpoint;
  }

  /** The calling side's pipe; it breaks at once where nobody listens. */
  open(name: string): MemoryPipe {
    const pipe = this.#endpoints.get(name)?.open();
    if (pipe !== undefined) return pipe;
    const refused = new MemoryPipe({ delayMs: 0, hung: false }, this.#clock);
    refused.break(new Error(`nothing listens at memory:${name}`));
    return refused;
  }
}

/** Calls within this process, at `memory:NAME`: the protocol of sockets, without one. */
export function createMemoryTransport(registry: MemoryRegistry): Transport {
  return {
    connect(address, options) {
      if (!address.startsWith("memory:")) {
        throw new HadronError("INTERNAL", `"${address}" is no address; expected memory:NAME.`);
      }
      return new ClientConnection(registry.open(address.slice("memory:".length)), address, options);
    },
  };
}

class Endpoint implements MemoryEndpoint {
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clockwork;
  readonly #release: () => void;
  readonly #faults: Faults = { delayMs: 0, hung: false };
  readonly #pairs = new Set<readonly [MemoryPipe, MemoryPipe]>();
  readonly #connections = new Set<MuxServerConnection>();
  #refusing = false;

  constructor(dispatcher: Dispatcher, clock: Clockwork, release: () => void) {
    this.#clock = clock;
    this.#dispatcher = dispatcher;
    this.#release = release;
  }

  open(): MemoryPipe | undefined {
    if (this.#refusing) return undefined;
    const pair = createMemoryPipes(this.#faults, this.#clock);
    this.#pairs.add(pair);
    acceptPipe(pair[1], this.#dispatcher, (connection) => {
      this.#connections.add(connection);
      void connection.closed.then(() => {
        this.#connections.delete(connection);
        this.#pairs.delete(pair);
      });
    });
    return pair[0];
  }

  slow(ms: number): void {
    this.#faults.delayMs = ms;
  }

  cut(): void {
    this.#refusing = true;
    for (const pair of this.#pairs) for (const pipe of pair) pipe.break(new Error("the connection was cut"));
    this.#pairs.clear();
  }

  hang(): void {
    this.#faults.hung = true;
    for (const pair of this.#pairs) for (const pipe of pair) pipe.doubt();
  }

  restore(): void {
    this.#faults.delayMs = 0;
    this.#faults.hung = false;
    this.#refusing = false;
    for (const pair of this.#pairs) for (const pipe of pair) pipe.deliver();
  }

  goaway(): void {
    for (const connection of this.#connections) connection.goaway();
  }

  close(): void {
    this.cut();
    this.#release();
  }
}
