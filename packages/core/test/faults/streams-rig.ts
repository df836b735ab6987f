import { setTimeout as pause } from "node:timers/promises";
import { HadronError } from "@hadron/core";
import type { Host } from "../../src/call/host/host.ts";
import { createProcesses } from "./processes.ts";
import { startProxy } from "./proxy.ts";
import { type Fate, streams, type Wanted } from "./streams-app.ts";

/** A replica in a process of its own behind a proxy, and callers of it. */
export async function startOne() {
  const processes = createProcesses("streams-app.ts", streams);
  const replica = await processes.start(0);
  const proxy = await startProxy(replica.address);
  processes.publish([proxy]);
  const fates = async () => (await processes.ask(replica, "fates")) as Record<string, Fate>;
  return {
    processes,
    replica,
    proxy,
    fates,
    /** Once the handler of that stream has ended. */
    async fate(id: string): Promise<Fate> {
      for (;;) {
        const fate = (await fates())[id];
        if (fate?.ended !== undefined) return fate;
        await pause(10);
      }
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await processes[Symbol.asyncDispose]();
    },
  };
}

export interface Outcome {
  readonly items: readonly unknown[];
  /** Undefined: it ended as a stream should. */
  readonly error: HadronError | undefined;
}

/** Takes a stream to its end, however that looks. */
export async function takeAll(
  host: Host,
  name: string,
  wanted: Wanted,
  { timeoutMs = 10_000, taken = (_: unknown) => {} } = {},
): Promise<Outcome> {
  const items: unknown[] = [];
  try {
    for await (const item of (await host.call("streams", name, wanted, { timeoutMs })) as AsyncIterable<unknown>) {
      items.push(item);
      taken(item);
    }
    return { items, error: undefined };
  } catch (error) {
    if (!(error instanceof HadronError)) throw error;
    return { items, error };
  }
}

/** A stream to send, and what becomes of it. */
export class Sent {
  readonly #id: string;
  readonly #count: number;
  readonly #last: () => unknown;
  made = 0;
  state: "unused" | "open" | "ended" = "unused";

  /** @param last What comes after the items. */
  constructor(id: string, count: number, last: () => unknown = () => {}) {
    this.#id = id;
    this.#count = count;
    this.#last = last;
  }

  async *[Symbol.asyncIterator]() {
    this.state = "open";
    try {
      yield this.#id;
      for (this.made = 0; this.made < this.#count; ) yield this.made++;
      await this.#last();
    } finally {
      this.state = "ended";
    }
  }
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
