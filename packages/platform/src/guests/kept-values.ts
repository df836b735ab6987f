import { HadronError } from "@hadron/core";
import type { KeyValue } from "@hadron/resources";
import type { Registry } from "../kept/registry.ts";

const COUNTED_ANEW_MS = 10_000;
const LOOKS_MS = 20;
const encoder = new TextEncoder();

interface Usage {
  bytes: number;
  readonly until: number;
}

/** What guests keep: each its own, by its name, and no more than it may. */
export class KeptValues {
  readonly #store: KeyValue<unknown>;
  readonly #now: () => number;
  readonly #registry: Registry;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #usage = new Map<string, Usage>();

  constructor(
    store: KeyValue<unknown>,
    registry: Registry,
    clock: { now(): number; pause(ms: number): Promise<void> },
  ) {
    this.#store = store;
    this.#registry = registry;
    this.#now = clock.now;
    this.#pause = clock.pause;
  }

  async get(guest: string, key: string): Promise<Uint8Array | undefined> {
    return toBytes(await this.#store.get(`${guest}/${key}`));
  }

  /** TOO_LARGE where the guest would keep more than it may. */
  async set(guest: string, key: string, value: Uint8Array, mostBytes: number): Promise<void> {
    await this.#whileBackedUp();
    const usage = await this.#usageOf(guest);
    const before = await this.#store.get(`${guest}/${key}`);
    const more = value.length + (before === undefined ? encoder.encode(key).length : -(toBytes(before)?.length ?? 0));
    if (more > 0 && usage.bytes + more > mostBytes) {
      throw new HadronError("TOO_LARGE", `"${guest}" keeps ${usage.bytes} bytes, and ${mostBytes} are the most.`);
    }
    await this.#store.set(`${guest}/${key}`, value);
    usage.bytes += more;
  }

  async list(guest: string, prefix: string): Promise<readonly (readonly [string, Uint8Array])[]> {
    const found: (readonly [string, Uint8Array])[] = [];
    for await (const { key, value } of this.#store.list({ prefix: `${guest}/${prefix}` })) {
      found.push([key.slice(guest.length + 1), toBytes(value) ?? new Uint8Array()]);
    }
    return found;
  }

  /** A backup that finds no moment asks whoever writes to wait a little. */
  async #whileBackedUp(): Promise<void> {
    for (;;) {
      const asked = this.#registry.known("own/", "pause") as { readonly until: number } | undefined;
      if (asked === undefined || asked.until <= this.#now()) return;
      await this.#pause(LOOKS_MS);
    }
  }

  async #usageOf(guest: string): Promise<Usage> {
    const known = this.#usage.get(guest);
    if (known !== undefined && known.until > this.#now()) return known;
    let bytes = 0;
    for await (const { key, value } of this.#store.list({ prefix: `${guest}/` })) {
      bytes += encoder.encode(key).length - guest.length - 1 + (toBytes(value)?.length ?? 0);
    }
    const usage = { bytes, until: this.#now() + COUNTED_ANEW_MS };
    this.#usage.set(guest, usage);
    return usage;
  }
}

function toBytes(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}
